// The whole training step, through the public API. Prints the median time of a step in
// microseconds, and the loss at the end.
//   gemmnet.js CASE SECONDS [THREADS]

import { Dataset, dense, Network, Trainer } from '../../lib/index.js'
import { cases } from '../cases.js'
import { median } from '../statistics.js'

const [name, seconds, threads] = process.argv.slice(2)
const found = cases.find((one) => one.name === name)
if (found === undefined) throw new RangeError(`no case ${name ?? ''}`)
const { widths, batch, optimizer, activation } = found
const inputs = widths[0] ?? 1
const outputs = widths.at(-1) ?? 1

/** Numbers in [0, 1) that need no quality. */
let state = 1
const random = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return state / 2 ** 32
}

// An epoch of about 10 ms at 50 GFLOPS, so that its overhead does not count.
const parameters = widths.slice(1).reduce((sum, units, i) => sum + units * (widths[i] ?? 0), 0)
const steps = Math.min(500, Math.max(2, Math.ceil((0.01 * 50e9) / (6 * batch * parameters))))
const rows = steps * batch
const x = { data: Float32Array.from({ length: rows * inputs }, random), shape: [rows, inputs] }
const data =
  outputs === 1
    ? new Dataset(x, Float32Array.from({ length: rows }, random))
    : new Dataset(
        x,
        Int32Array.from({ length: rows }, () => Math.floor(random() * outputs)),
        { classes: outputs },
      )

const network = new Network({
  inputs,
  layers: widths
    .slice(1)
    .map((units, i) =>
      dense(units, i < widths.length - 2 ? activation : outputs === 1 ? 'linear' : 'softmax'),
    ),
})
const trainer = new Trainer(network, {
  loss: outputs === 1 ? 'meanSquaredError' : 'categoricalCrossentropy',
  optimizer,
  batchSize: batch,
  epochs: 1_000_000,
  ...(threads !== undefined && { threads: Number(threads) }),
})

const times: number[] = []
let loss = NaN
let spent = 0
for await (const epoch of trainer.fit(data)) {
  loss = epoch.loss
  spent += epoch.seconds
  if (epoch.epoch > 2) times.push(epoch.seconds / steps) // the first two warm caches and clocks
  if (spent > Number(seconds) && times.length >= 3) break
}
console.log(JSON.stringify({ microseconds: median(times) * 1e6, loss }))
