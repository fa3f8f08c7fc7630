import { runInChild } from '../helpers/run.js'

// Whether memory stays where it is over 2,000 small fits, with new objects for each:
//   node dist/test/long/memory.js
// Nothing is disposed of and nobody calls `gc`: V8 must hear enough of what the addon holds.

const megabytesAllowed = 10
const from = 400

const { code, said, errors } = await runInChild('fitManyTimes', { fits: 2000, every: 200 })
const samples = said as { fits: number; megabytes: number }[]
for (const { fits, megabytes } of samples)
  console.log(`${String(fits).padStart(5)} fits  ${megabytes.toFixed(1)} MB`)
const at = (fits: number) => samples.find((sample) => sample.fits === fits)?.megabytes ?? NaN
const growth = at(2000) - at(from)
console.log(`${growth.toFixed(1)} MB more from fit ${from} on; at most ${megabytesAllowed} allowed`)
if (code !== 0 || !(growth <= megabytesAllowed)) {
  console.error(errors)
  process.exitCode = 1
}
