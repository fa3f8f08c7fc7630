import { runInChild } from '../helpers/run.js'

// Whether memory stays where it is over thousands of small fits, with new objects for each:
//   node dist/test/long/memory.js
// Nothing is disposed of and nobody calls `gc`: V8 must hear enough of what the addon holds. What a
// process grows by at first is V8's young generation, up to its ceiling; a leak would go on.

const megabytesAllowed = 10
const from = 6000
const fits = 10_000

const { code, said, errors } = await runInChild('fitManyTimes', { fits, every: 1000 })
const samples = said as { fits: number; megabytes: number }[]
for (const { fits: done, megabytes } of samples)
  console.log(`${String(done).padStart(5)} fits  ${megabytes.toFixed(1)} MB`)
const at = (fits: number) => samples.find((sample) => sample.fits === fits)?.megabytes ?? NaN
const growth = at(fits) - at(from)
console.log(`${growth.toFixed(1)} MB more from fit ${from} on; at most ${megabytesAllowed} allowed`)
if (code !== 0 || !(growth <= megabytesAllowed)) {
  console.error(errors)
  process.exitCode = 1
}
