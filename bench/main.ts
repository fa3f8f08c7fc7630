// npm run bench [-- --case NAME] [--trials N] [--seconds S] [--json FILE]
//
// Times the whole training step of each case against the bare gemm calls of the same shapes, at
// one BLAS thread and at all. Every trial is a process of its own; the contenders take turns, so
// that a machine whose speed drifts does not favour one.

import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { native } from '../lib/native.js'
import { findPackageRoot } from '../lib/package_root.js'
import type { Case } from './cases.js'
import { cases } from './cases.js'
import { median, spread } from './statistics.js'

const run = promisify(execFile)
const here = dirname(fileURLToPath(import.meta.url))
const bareGemm = join(findPackageRoot(), 'build', 'cmake', 'contenders', 'bare_gemm')
const { processors, blas, blasKernel, instructionSet } = native.describe()

/** What one process measured. */
interface Trial {
  readonly microseconds: number
  readonly loss?: number
}

async function timeBareGemm(one: Case, threads: number, seconds: string): Promise<Trial> {
  const settings = [one.widths.join(), String(one.batch), String(threads), seconds]
  const { stdout } = await run(bareGemm, settings)
  return { microseconds: Number(stdout) }
}

async function timeGemmnet(one: Case, seconds: string): Promise<Trial> {
  const script = join(here, 'contenders', 'gemmnet.js')
  const { stdout } = await run(process.execPath, [script, one.name, seconds])
  return JSON.parse(stdout) as Trial
}

const { values: options } = parseArgs({
  options: {
    case: { type: 'string', multiple: true },
    trials: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '0.5' },
    json: { type: 'string' },
  },
})
const chosen = cases.filter(({ name }) => options.case?.includes(name) ?? true)
if (chosen.length === 0) {
  console.error(`No such case. There are: ${cases.map(({ name }) => name).join(', ')}`)
  process.exit(2)
}

const processor = cpus()[0]?.model.trim() ?? 'unknown processor'
console.log(`${processor}, ${processors} of ${cpus().length} processors, Node ${process.version}`)
console.log(`${blas}, kernel ${blasKernel}; gemmnet's loops: ${instructionSet}`)
console.log(`${new Date().toISOString().slice(0, 10)}; median of ${options.trials} processes\n`)
const columns = ['case', 'step us', '+-', 'bare gemm, 1 thread', `${processors} threads`, 'ratio']
console.log(columns.map((title, i) => (i === 0 ? title.padEnd(12) : title.padStart(9))).join('  '))

const results = []
for (const one of chosen) {
  const contenders = {
    gemmnet: () => timeGemmnet(one, options.seconds),
    bareOne: () => timeBareGemm(one, 1, options.seconds),
    bareAll: () => timeBareGemm(one, processors, options.seconds),
  }
  const trials: Record<keyof typeof contenders, Trial[]> = { gemmnet: [], bareOne: [], bareAll: [] }
  for (let trial = 0; trial < Number(options.trials); trial++)
    for (const name of ['gemmnet', 'bareOne', 'bareAll'] as const)
      trials[name].push(await contenders[name]())
  const times = (name: keyof typeof contenders) => trials[name].map((trial) => trial.microseconds)
  const step = median(times('gemmnet'))
  const bareOne = median(times('bareOne'))
  const bareAll = median(times('bareAll'))
  const ratio = step / Math.min(bareOne, bareAll)
  results.push({ case: one.name, step, bareOne, bareAll, ratio, trials })
  const cells = [
    one.name.padEnd(12),
    step.toFixed(1).padStart(9),
    `${(100 * spread(times('gemmnet'))).toFixed(0)} %`.padStart(9),
    bareOne.toFixed(1).padStart(19),
    bareAll.toFixed(1).padStart(9),
    ratio.toFixed(2).padStart(9),
  ]
  console.log(cells.join('  '))
}
console.log('\nratio: the whole step over the bare calls at their better number of threads')
if (options.json !== undefined)
  await writeFile(
    options.json,
    JSON.stringify({ processor, processors, blas, blasKernel, instructionSet, results }, null, 2),
  )
