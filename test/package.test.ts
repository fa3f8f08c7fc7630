import test from 'ava'
import { readFile } from 'node:fs/promises'
import * as entry from 'gemmnet'
import * as modules from '../lib/index.js'
import { findPackageRoot } from '../lib/package_root.js'

// What users import is one file made of all modules (`npm run build:ts`), as its import takes a
// third of the time. The other tests import the modules.

test('the package exports what the modules do', (t) => {
  t.deepEqual(Object.keys(entry), Object.keys(modules))
})

test('classes and functions have the same names in it', (t) => {
  const named = (exports: object) =>
    Object.entries(exports).filter(([, value]) => typeof value === 'function') as [
      string,
      { readonly name: string },
    ][]
  for (const [name, value] of named(modules))
    t.is(named(entry).find(([other]) => other === name)?.[1].name, value.name, name)
})

test('it trains as the modules do, to the same bits', async (t) => {
  const weights = []
  const options = { loss: 'categoricalCrossentropy', optimizer: 'adam' } as const
  for (const { loadDigits, Network, Trainer, dense } of [entry, modules]) {
    const digits = await loadDigits()
    const network = new Network({ inputs: 64, layers: [dense(10, 'softmax')], seed: 1 })
    await new Trainer(network, options).fit(digits)
    weights.push(network.parameters)
  }
  t.deepEqual(weights[0], weights[1])
})

test('every file that package.json names is there', async (t) => {
  const root = findPackageRoot()
  const { bin, exports } = JSON.parse(await readFile(`${root}/package.json`, 'utf8')) as {
    bin: Record<string, string>
    exports: Record<string, string | { types: string; default: string }>
  }
  const paths = Object.values(exports).flatMap((one) =>
    typeof one === 'string' ? [one] : [one.types, one.default],
  )
  for (const path of [...paths, ...Object.values(bin)])
    await t.notThrowsAsync(readFile(`${root}/${path}`), path)
})
