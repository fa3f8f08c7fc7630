import test from 'ava'
import { Dataset, dense, Network, sgd, Trainer } from '../lib/index.js'

// Inputs that ended the process, or were not heard, once.

const wide = new Network({ inputs: 1, layers: [dense(65_536)] })
const long = new Dataset({ data: new Uint8Array(2 ** 20), shape: [2 ** 20, 1] })

test('more outputs than memory holds are an error', async (t) => {
  t.throws(() => wide.predict(long), { message: /Invalid typed array length|allocation failed/ })
  await t.throwsAsync(wide.predictAsync(long), { message: /Out of memory|Invalid typed array/ })
  const row = new Dataset({ data: new Uint8Array(2 ** 20), shape: [1, 2 ** 20] })
  const repeated = row.subset(new Uint32Array(2 ** 18))
  t.throws(() => repeated.x, { message: /Invalid typed array length|allocation failed/ })
})

test('a typed array that pretends to be shared is copied', (t) => {
  const data = new Float32Array([1, 2, 3, 4])
  Object.defineProperty(data, 'buffer', { value: new SharedArrayBuffer(16) })
  const copied = new Dataset({ data, shape: [2, 2] })
  data.fill(9)
  t.deepEqual([...copied.x.data], [1, 2, 3, 4])
})

test('a label that would need billions of classes is refused', (t) => {
  t.throws(() => new Dataset([[1], [2]], [0, 2 ** 31 - 1]), {
    instanceOf: RangeError,
    message: 'Expected `classes` to be at most 16777216, got `2147483648`',
  })
})

test('classify takes any number of outputs, and rows without a largest one', (t) => {
  t.is(new Network({ inputs: 1, layers: [dense(200_000)] }).classify([[1]]).length, 1)
  t.deepEqual([...new Network({ inputs: 1, layers: [dense(3)] }).classify([[NaN]])], [0])
})

test('a loss that overflows though all outputs are finite is not laid on a layer', async (t) => {
  const network = new Network({ inputs: 1, layers: [dense(4), dense(1)] })
  const trainer = new Trainer(network, { loss: 'meanSquaredError', optimizer: 'sgd' })
  const error = await t.throwsAsync(trainer.fit(new Dataset([[1], [2]], [[1], [1e30]])).then())
  t.like(error, { code: 'ERR_NON_FINITE_LOSS', epoch: 1, batch: 1, layer: undefined })
  t.regex(error.message, /All outputs are: targets or sample weights are too large for it/)
})

test('a gradient check of a cost that is not finite is an error', (t) => {
  const network = new Network({ inputs: 1, layers: [dense(1)] })
  t.throws(() => network.checkGradients([[1e300]], [[1]], { loss: 'meanSquaredError' }), {
    message: 'The cost of these rows is not finite',
  })
})

test('a signal is heard while callbacks keep the event loop, and stops them', async (t) => {
  const rows = 2000
  const data = new Dataset(
    { data: new Float32Array(rows), shape: [rows, 1] },
    { data: new Float32Array(rows), shape: [rows, 1] },
  )
  const network = new Network({ inputs: 1, layers: [dense(1)] })
  const options = { loss: 'meanSquaredError', optimizer: sgd(), batchSize: 1, epochs: 100 } as const
  const trainer = new Trainer(network, options)
  const abort = new AbortController()
  let calls = 0
  const onBatchEnd = () => {
    calls++
    if (calls === 1) setTimeout(() => { abort.abort() }) // prettier-ignore
    const end = performance.now() + 1
    while (performance.now() < end);
  }
  const fit = trainer.fit(data, { signal: abort.signal, callbacks: [{ onBatchEnd }] })
  const reason: unknown = await fit.then(
    () => undefined,
    (error: unknown) => error,
  )
  t.is(reason, abort.signal.reason)
  t.true(calls < 500, `${calls} calls`)
})

test('a fit whose reports nobody takes does not run away', async (t) => {
  const network = new Network({ inputs: 1, layers: [dense(1)] })
  const trainer = new Trainer(network, { loss: 'meanSquaredError', optimizer: sgd() })
  const fit = trainer.fit(new Dataset([[1]], [[1]]), { epochs: 1_000_000 })
  const end = performance.now() + 300
  while (performance.now() < end); // the event loop is blocked
  fit.stop()
  const { epochs, completed } = await fit
  t.false(completed)
  t.true(epochs.length > 0 && epochs.length <= 2000, `${epochs.length} epochs`)
})
