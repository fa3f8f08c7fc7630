import test from 'ava'
import type { Library } from './helpers/parity.js'
import { cases, compare, steps, tolerance } from './helpers/parity.js'

// gemmnet against the curves of Keras, PyTorch and scikit-learn that test/fixtures/parity/make.py
// wrote down. `npm run parity` prints the same as a table.

const optimizers: Readonly<Record<Library, readonly string[]>> = {
  keras: ['adadelta', 'adagrad', 'adam', 'adamax', 'adamw', 'nadam', 'rmsprop', 'sgd'],
  torch: ['adadelta', 'adagrad', 'adam', 'adamax', 'adamw', 'nadam', 'rmsprop', 'rprop', 'sgd'],
  sklearn: ['adam', 'sgd'],
}

test('there are curves of 200 steps for every optimizer of each library, 60 or more', (t) => {
  t.is(steps, 200)
  t.true(cases.length >= 60)
  t.deepEqual(new Set(cases.map(({ library }) => library)), new Set(Object.keys(optimizers)))
  for (const [library, names] of Object.entries(optimizers)) {
    const own = cases.filter((one) => one.library === library)
    t.deepEqual([...new Set(own.map(({ trainer }) => trainer.optimizer.name))].sort(), [...names])
    // With the library's defaults, too.
    for (const name of names)
      t.true(
        own.some(
          ({ trainer: { optimizer } }) =>
            optimizer.name === name && Object.keys(optimizer.options).length === 0,
        ),
        `${library} ${name}`,
      )
  }
  for (const { name, losses } of cases) t.is(losses.length, steps, name)
})

for (const one of cases)
  test(`follows ${one.name}`, async (t) => {
    const { error, step, evaluatedError = 0 } = await compare(one)
    t.true(error <= tolerance, `relative error ${error} in step ${step}`)
    t.true(evaluatedError <= tolerance, `relative error ${evaluatedError} when evaluated`)
  })
