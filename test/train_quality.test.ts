import test from 'ava'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { run } from '../lib/cli/index.js'
import { dealtRows } from './helpers/dealt_rows.js'

// `gemmnet train` with no flags but the target, beside scikit-learn's MLPClassifier and MLPRegressor
// on the same rows: test/fixtures/tables tells what they were given.

const fixtures = new URL('../../test/fixtures/tables/', import.meta.url)
const theirs = JSON.parse(readFileSync(new URL('scores.json', fixtures), 'utf8')) as {
  readonly seeds: readonly number[]
  readonly files: Readonly<
    Record<
      string,
      {
        readonly path: string
        readonly target: string
        readonly score: 'accuracy' | 'rootMeanSquaredError'
        readonly fingerprints: readonly string[]
        /** One score for each seed. */
        readonly train: readonly number[]
        readonly trainAndDev: readonly number[]
        readonly scaledTarget?: readonly number[]
      }
    >
  >
}

let folder: string
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gemmnet-test-'))
})
test.after.always(async () => {
  await rm(folder, { recursive: true })
})

interface Summary {
  readonly scores: { readonly test: Readonly<Record<string, number>> }
}

async function train(path: string, target: string, seed: number): Promise<Summary> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  stderr.resume()
  const output = join(folder, 'model.safetensors')
  const flags = ['--target', target, '--seed', String(seed), '--output', output, '--json']
  const code = await run(['train', path, ...flags], { stdout, stderr })
  stdout.end()
  const printed = await text(stdout)
  if (code !== 0) throw new Error(`exit code ${code}`)
  return JSON.parse(printed) as Summary
}

const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length

for (const [name, file] of Object.entries(theirs.files)) {
  const path = fileURLToPath(new URL(file.path, fixtures))

  test.serial(`the test rows of ${name} are those that scikit-learn was judged by`, async (t) => {
    for (const [i, seed] of theirs.seeds.entries()) {
      const { test: rows = [] } = await dealtRows(path, file.target, seed)
      const fingerprint = createHash('sha256').update(rows.join(',')).digest('hex')
      t.deepEqual([fingerprint], file.fingerprints.slice(i, i + 1))
    }
  })

  test.serial(
    `told the target only, ${name} comes out as with scikit-learn or better`,
    async (t) => {
      const ours: number[] = []
      for (const seed of theirs.seeds) {
        const { scores } = await train(path, file.target, seed)
        ours.push(scores.test[file.score] ?? NaN)
      }
      const { train: trained, trainAndDev, scaledTarget = trainAndDev } = file
      const means = [trained, trainAndDev, scaledTarget].map(mean)
      t.log(`${name}: ${mean(ours)}; scikit-learn: ${means.join(', ')}`)
      if (file.score === 'accuracy') t.true(mean(ours) >= Math.max(...means) - 0.01)
      else t.true(mean(ours) <= Math.min(...means) * 1.05)
    },
  )
}
