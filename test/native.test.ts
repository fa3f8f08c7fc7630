import test from 'ava'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { join } from 'node:path'
import { Dataset, dense, Network, Trainer } from '../lib/index.js'
import { native } from '../lib/native.js'
import { findPackageRoot } from '../lib/package_root.js'

const run = promisify(execFile)
const index = pathToFileURL(join(findPackageRoot(), 'dist', 'lib', 'index.js')).href

/** What importing gemmnet throws in a process with this environment, or what `script` prints. */
async function importWith(environment: NodeJS.ProcessEnv, script = '') {
  const code = `import(${JSON.stringify(index)}).then(
    (gemmnet) => { ${script} },
    ({ code, message }) => console.log(JSON.stringify({ code, message })))`
  const { stdout } = await run(process.execPath, ['-e', code], {
    env: { ...process.env, ...environment },
  })
  return stdout
}

test('a missing addon is told with the command that builds it', async (t) => {
  if (existsSync(join(findPackageRoot(), 'prebuilds'))) {
    t.pass('this checkout has prebuilds, which would be found')
    return
  }
  const said = await importWith({ GEMMNET_PREBUILD: undefined, PREBUILDS_ONLY: '1' })
  t.regex(said, /"code":"ERR_NO_BINARY"/)
  t.regex(said, /has no native addon that loads here .*Build it with: npm rebuild gemmnet/)
})

test('an instruction set that is not there is told, without advice to build', async (t) => {
  const said = await importWith({ GEMMNET_SIMD: 'mmx' })
  t.regex(
    said,
    /"message":"gemmnet cannot run here: GEMMNET_SIMD is .*mmx.*here it can be: baseline/,
  )
  t.notRegex(said, /npm rebuild/)
})

test('loading starts no threads of BLAS, and leaves the environment as it was', async (t) => {
  if (!existsSync('/proc/self/task')) {
    t.pass('only Linux lists its threads')
    return
  }
  const script = `console.log(JSON.stringify({
    threads: require("node:fs").readdirSync('/proc/self/task').length,
    value: process.env.OPENBLAS_NUM_THREADS }))`
  const load = async (value: string | undefined) =>
    JSON.parse(await importWith({ OPENBLAS_NUM_THREADS: value }, script)) as object
  const one = (await load('1')) as { threads: number }
  t.deepEqual(await load(undefined), { threads: one.threads })
  // A number of the user's own is left alone.
  t.like(await load('2'), { value: '2' })
})

test('every instruction set that the processor runs learns the same to rounding', async (t) => {
  const script = `
    const { Dataset, Network, Trainer, dense, adam } = gemmnet
    const x = Array.from({ length: 60 }, (_, i) => [Math.sin(i), Math.cos(3 * i), i / 60])
    const y = x.map(([a, b, c]) => Number(a + b > c))
    const network = new Network({
      inputs: 3, layers: [dense(8, 'tanh'), dense(2, 'softmax')], dtype: 'float64', seed: 1 })
    const options = { loss: 'categoricalCrossentropy', optimizer: adam(), epochs: 20 }
    new Trainer(network, options).fit(new Dataset(x, y)).then(() =>
      console.log(JSON.stringify([...network.parameters])))`
  const { native } = await import('../lib/native.js')
  const sets = native.describe().instructionSets.filter(({ supported }) => supported)
  const results = []
  for (const { name } of sets)
    results.push(JSON.parse(await importWith({ GEMMNET_SIMD: name }, script)) as number[])
  const [first = []] = results
  t.true(first.length === 50)
  for (const weights of results)
    weights.forEach((weight, i) => {
      t.true(Math.abs(weight - (first[i] ?? NaN)) < 1e-12)
    })
})

test.serial('the work of a fit adds up to its threads times its seconds', async (t) => {
  const network = new Network({ inputs: 50, layers: [dense(40, 'relu'), dense(3)], seed: 1 })
  const sizes = { batchSize: 20, epochs: 200, threads: 2 }
  const trainer = new Trainer(network, { loss: 'meanSquaredError', optimizer: 'adam', ...sizes })
  const rows = Array.from({ length: 100 }, (_, i) => Array<number>(50).fill(i / 100))
  const data = new Dataset(
    rows,
    rows.map(([value = 0]) => [value, 1, -value]),
  )
  const began = performance.now()
  native.startWorkClock()
  await trainer.fit(data)
  const { elementwise, gemm, gather, optimizer, waiting } = native.stopWorkClock()
  const seconds = (performance.now() - began) / 1000
  for (const part of [elementwise, gemm, gather, optimizer, waiting]) t.true(part > 0)
  t.true(elementwise + gemm + gather + optimizer + waiting <= 2.02 * seconds)

  await trainer.fit(data)
  t.like(native.stopWorkClock(), { gemm: 0, optimizer: 0 }) // nobody measured
})
