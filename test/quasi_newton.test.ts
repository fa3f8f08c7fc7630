// Over 400 lines: three methods, each against its references and through all that a Trainer promises.
import type { ExecutionContext } from 'ava'
import test from 'ava'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { median } from '../bench/statistics.js'
import type { EpochReport, Layer, Optimizer, TrainerOptions } from '../lib/index.js'
import {
  activation,
  batchNorm,
  bfgs,
  Dataset,
  dense,
  dropout,
  gaussianNoise,
  layerNorm,
  lbfgs,
  levenbergMarquardt,
  loadDigits,
  Network,
  Trainer,
} from '../lib/index.js'
import { findPackageRoot } from '../lib/package_root.js'
import { randomMatrix } from './helpers/random.js'

// bfgs, lbfgs and levenbergMarquardt under the Trainer: against scikit-learn's lbfgs, against the
// solutions of normal equations, and against each other. The methods by themselves are in
// native/quasi_newton_test.cc.

// --- scikit-learn ---------------------------------------------------------------------------------

interface Problem {
  readonly name: string
  readonly sizes: readonly [number, number, number]
  readonly activation: 'relu' | 'tanh'
  readonly l2: number
  readonly x?: readonly number[]
  readonly y?: readonly number[]
  readonly runs: readonly {
    readonly loss: number
    readonly iterations: number
    readonly evaluations: number
    readonly start: readonly number[]
  }[]
}

const { problems } = JSON.parse(
  readFileSync(join(findPackageRoot(), 'test', 'fixtures', 'lbfgs', 'minima.json'), 'utf8'),
) as { readonly problems: readonly Problem[] }

async function dataOf({ sizes: [inputs], x, y }: Problem): Promise<Dataset> {
  if (x !== undefined && y !== undefined)
    return new Dataset(
      y.map((_, row) => x.slice(row * inputs, (row + 1) * inputs)),
      y.map((value) => [value]),
      { dtype: 'float64' },
    )
  const digits = await loadDigits()
  return new Dataset(digits.x, digits.y, { classes: 10, scale: 1 / 16 })
}

test('there are three problems with five starting points each', (t) => {
  t.deepEqual(
    problems.map(({ name, runs }) => [name, runs.length]),
    [
      ['digits', 5],
      ['regression', 5],
      ['function', 5],
    ],
  )
})

for (const problem of problems)
  test(`lbfgs gets as far as scikit-learn's on the ${problem.name}, in as many evaluations`, async (t) => {
    const data = await dataOf(problem)
    const [inputs, hidden, outputs] = problem.sizes
    const losses: number[] = []
    const evaluations: number[] = []
    for (const { start, iterations } of problem.runs) {
      const network = new Network({
        inputs,
        layers: [
          dense(hidden, problem.activation),
          dense(outputs, outputs === 1 ? 'linear' : 'softmax'),
        ],
        dtype: 'float64',
      })
      network.parameters = start
      const trainer = new Trainer(network, {
        loss: outputs === 1 ? 'meanSquaredError' : 'categoricalCrossentropy',
        optimizer: lbfgs({ gradientTolerance: 0 }),
        l2: problem.l2,
        conventions: 'sklearn',
      })
      const { epochs } = await trainer.fit(data, { epochs: iterations })
      t.is(epochs.length, iterations)
      losses.push(last(epochs).loss)
      evaluations.push(sum(epochs.map((epoch) => epoch.evaluations)))
    }
    const loss = median(losses) / median(problem.runs.map((run) => run.loss))
    const effort = median(evaluations) / median(problem.runs.map((run) => run.evaluations))
    const each = losses.map((own, i) => (own / (problem.runs[i]?.loss ?? NaN)).toFixed(3))
    t.log(
      `loss ${loss.toFixed(3)} (start by start ${each.join(', ')}), evaluations ${effort.toFixed(3)}`,
    )
    t.true(loss <= 1.02)
    t.true(effort <= 1.2)
  })

// --- Linear networks ------------------------------------------------------------------------------

/** A linear network, its rows, and the weights that normal equations give it. */
function linearProblem(outputs: number, l2: number, weighted: boolean) {
  const rows = 60
  const inputs = 4
  const x = randomMatrix(rows, inputs, 1, -1, 1)
  const y = randomMatrix(rows, outputs, 2, -1, 1)
  const sampleWeights = weighted ? randomMatrix(1, rows, 3, 0, 2)[0] : undefined
  // Of sum of w (y - b - x k)^2 / (rows outputs) + l2 |k|^2: (A'WA + rows outputs l2 D) v = A'Wy,
  // A being x and a column of ones, D the identity but for the bias.
  const design = x.map((row) => [...row, 1])
  const weight = (row: number) => sampleWeights?.[row] ?? 1
  const matrix = design[0]?.map((_, i) =>
    design[0]?.map(
      (__, j) =>
        sum(design.map((row, r) => weight(r) * (row[i] ?? NaN) * (row[j] ?? NaN))) +
        (i === j && i < inputs ? rows * outputs * l2 : 0),
    ),
  ) as number[][]
  const columns = Array.from({ length: outputs }, (_, output) =>
    solve(
      matrix,
      matrix.map((__, i) =>
        sum(design.map((row, r) => weight(r) * (row[i] ?? NaN) * (y[r]?.[output] ?? NaN))),
      ),
    ),
  )
  const solution = matrix.flatMap((_, i) => columns.map((column) => column[i] ?? NaN))
  return {
    make: <D extends 'float32' | 'float64'>(dtype: D) =>
      new Network({ inputs, layers: [dense(outputs)], seed: 5, dtype }),
    data: new Dataset(x, y, { dtype: 'float64', ...(sampleWeights && { sampleWeights }) }),
    solution,
  }
}

/** Gauss's elimination, with pivots. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i] ?? NaN])
  const at = (row: number, column: number) => rows[row]?.[column] ?? NaN
  rows.forEach((_, k) => {
    const rest = rows.slice(k).map((__, i) => Math.abs(at(k + i, k)))
    const pivot = k + rest.indexOf(Math.max(...rest))
    ;[rows[k], rows[pivot]] = [rows[pivot] ?? [], rows[k] ?? []]
    for (let i = 0; i < rows.length; i++) {
      if (i === k) continue
      const factor = at(i, k) / at(k, k)
      rows[i] = rows[i]?.map((value, j) => value - factor * at(k, j)) ?? []
    }
  })
  return rows.map((row, i) => (row.at(-1) ?? NaN) / at(i, i))
}

for (const outputs of [1, 3])
  for (const l2 of [0, 0.02])
    for (const weighted of [false, true]) {
      const { make, data, solution } = linearProblem(outputs, l2, weighted)
      const name = `${outputs} outputs${l2 > 0 ? ', L2' : ''}${weighted ? ', sample weights' : ''}`
      for (const optimizer of [bfgs(), lbfgs(), levenbergMarquardt()])
        test(`${optimizer.name} solves the normal equations: ${name}`, async (t) => {
          const network = make('float64')
          const trainer = new Trainer(network, { loss: 'meanSquaredError', optimizer, l2 })
          const { epochs, converged } = await trainer.fit(data, { epochs: 200 })
          t.true(converged)
          // Levenberg and Marquardt's first steps are damped by mu = 1e-3, 1e-4, ...
          if (optimizer.name === 'levenbergMarquardt') t.true(epochs.length <= 5)
          closeTo(t, network.parameters, solution, 1e-7)
        })
      if (l2 === 0)
        test(`one step of levenbergMarquardt with a small mu is enough: ${name}`, async (t) => {
          // The Gauss-Newton step is exact: only a Jacobian without a flaw can do this.
          const network = make('float64')
          const optimizer = levenbergMarquardt({ mu: 1e-14 })
          const trainer = new Trainer(network, { loss: 'halfSquaredError', optimizer })
          await trainer.fit(data, { epochs: 1 })
          closeTo(t, network.parameters, solution, 1e-10)
        })
    }

test('in float32 they come as close as it lets them', async (t) => {
  const { make, data, solution } = linearProblem(3, 0.02, true)
  for (const optimizer of [bfgs(), lbfgs(), levenbergMarquardt()]) {
    const network = make('float32')
    const trainer = new Trainer(network, { loss: 'meanSquaredError', optimizer, l2: 0.02 })
    const { converged } = await trainer.fit(data, { epochs: 200 })
    t.true(converged, optimizer.name)
    closeTo(t, network.parameters, solution, 1e-5)
  }
})

test('rows of weight 0 and labels of class weight 0 are as if they were not there', async (t) => {
  const x = randomMatrix(30, 3, 1, -1, 1)
  const labels = x.map((_, row) => row % 3)
  const kept = labels.flatMap((label, row) => (label === 2 ? [] : [row]))
  const options = { classes: 3, dtype: 'float64' } as const
  const all = new Dataset(x, labels, options)
  const part = all.subset(kept)
  const weighted = new Dataset(x, labels, {
    ...options,
    sampleWeights: labels.map((label) => (label === 2 ? 0 : 1)),
  })
  for (const optimizer of [bfgs(), lbfgs(), levenbergMarquardt()]) {
    const train = async (data: Dataset, more: Partial<TrainerOptions>) => {
      const network = new Network({
        inputs: 3,
        layers: [dense(3, 'tanh'), dense(3, 'sigmoid')],
        dtype: 'float64',
        seed: 1,
      })
      const trainer = new Trainer(network, { loss: 'halfSquaredError', optimizer, ...more })
      await trainer.fit(data, { epochs: 4 })
      return network.parameters
    }
    const expected = await train(part, {})
    closeTo(t, await train(weighted, {}), expected, 1e-9)
    closeTo(t, await train(all, { classWeights: [1, 1, 0] }), expected, 1e-9)
  }
})

// --- Levenberg and Marquardt ----------------------------------------------------------------------

function sine(): Dataset {
  const x = Array.from({ length: 100 }, (_, i) => [i / 99])
  return new Dataset(
    x,
    x.map(([value = NaN]) => [Math.sin(2 * Math.PI * value)]),
    { dtype: 'float64' },
  )
}

test('levenbergMarquardt brings 1-20-1 on a sine below 1e-8 in 200 iterations', async (t) => {
  const data = sine()
  for (const seed of [1, 2, 3, 4, 5]) {
    const network = new Network({
      inputs: 1,
      layers: [dense(20, 'tanh'), dense(1)],
      dtype: 'float64',
      seed,
    })
    const trainer = new Trainer(network, {
      loss: 'meanSquaredError',
      optimizer: levenbergMarquardt(),
    })
    const { epochs } = await trainer.fit(data, { epochs: 200 })
    const iterations = epochs.findIndex(({ loss }) => loss < 1e-8) + 1
    const milliseconds = (1000 * sum(epochs.map(({ seconds }) => seconds))) / epochs.length
    t.log(`${iterations} iterations, of ${milliseconds.toFixed(2)} ms each; ${last(epochs).loss}`)
    t.true(iterations > 0)
    t.true((await trainer.evaluate(data)).loss < 1e-8)
  }
})

/** Networks whose Jacobians go through everything that a layer can be. */
const structures: Readonly<Record<string, () => Network<'float64'>>> = {
  'several outputs': () => build([dense(4, 'tanh'), dense(3)]),
  'a nonlinear output that couples its units': () => build([dense(4, 'tanh'), dense(3, 'softmax')]),
  'layer normalization': () => build([dense(5), layerNorm(), activation('tanh'), dense(3)]),
  'no biases': () => build([dense(4, { activation: 'sigmoid', useBias: false }), dense(3)]),
  'a frozen layer at the bottom': () => freeze(build([dense(4, 'tanh'), dense(3)]), 0),
  'a frozen layer in the middle': () =>
    freeze(build([dense(4, 'tanh'), dense(4, 'tanh'), dense(3)]), 1),
  'a frozen layer at the top': () => freeze(build([dense(4, 'tanh'), dense(3)]), 1),
}

function build(layers: ConstructorParameters<typeof Network>[0]['layers']): Network<'float64'> {
  return new Network({ inputs: 2, layers, dtype: 'float64', seed: 3 })
}

function freeze(network: Network<'float64'>, layer: number): Network<'float64'> {
  layerOf(network, layer).trainable = false
  return network
}

function layerOf<D extends 'float32' | 'float64'>(network: Network<D>, index: number): Layer<D> {
  const layer = network.layers[index]
  if (layer === undefined) throw new Error('no such layer')
  return layer
}

/** More rows than one piece of the Jacobian has, in no order, weighted. */
function smallProblem(): Dataset {
  const x = randomMatrix(400, 2, 7, -1, 1)
  const y = x.map(([a = NaN, b = NaN]) => [0.5 + a * b, 0.5 - a / 3, Math.abs(b)])
  const [sampleWeights = []] = randomMatrix(1, 400, 8, 0, 2)
  return new Dataset(x, y, { dtype: 'float64', sampleWeights })
}

for (const [name, make] of Object.entries(structures))
  test(`a step of levenbergMarquardt is what J and r say: ${name}`, async (t) => {
    // (2 / n sum of w J'J + mu I) p = -2 / n sum of w J'r, with J by differences of the outputs, and
    // half of what solves the same equations with r'' along p, by differences, in the place of r.
    const network = make()
    const data = smallProblem()
    const mu = 0.3
    const learned = network.layers.flatMap((layer) =>
      Array.from({ length: layer.parameterCount }, () => layer.trainable),
    )
    const before = Float64Array.from(network.parameters)
    const weights = data.sampleWeights
    if (weights === undefined) throw new Error('no weights')
    const outputsAt = (parameters: Float64Array) => {
      network.parameters = parameters
      return network.predict(data.x).data
    }
    const places = [...before.keys()].filter((i) => learned[i])
    const moved = (by: (place: number) => number) =>
      outputsAt(before.map((value, i) => value + (learned[i] ? by(places.indexOf(i)) : 0)))
    const difference = 1e-5
    const jacobian = places.map((_, place) => {
      const above = moved((other) => (other === place ? difference : 0))
      const below = moved((other) => (other === place ? -difference : 0))
      return above.map((value, k) => (value - (below[k] ?? NaN)) / (2 * difference))
    })
    const outputs = outputsAt(before)
    const targets = (data.y as { data: Float64Array }).data
    const product = (a: Float64Array, b: Float64Array) =>
      sum(
        Array.from(
          a,
          (value, k) =>
            ((2 * (weights[Math.floor(k / 3)] ?? NaN)) / outputs.length) * value * (b[k] ?? NaN),
        ),
      )
    const matrix = jacobian.map((a, i) =>
      jacobian.map((b, j) => product(a, b) + (i === j ? mu : 0)),
    )
    const solveFor = (r: Float64Array) =>
      solve(
        matrix,
        jacobian.map((a) => -product(a, r)),
      )
    const velocity = solveFor(outputs.map((value, k) => value - (targets[k] ?? NaN)))
    const ahead = moved((place) => 0.1 * (velocity[place] ?? NaN))
    const acceleration = solveFor(
      outputs.map((value, k) => {
        const slope = sum(jacobian.map((a, i) => (a[k] ?? NaN) * (velocity[i] ?? NaN)))
        return (((ahead[k] ?? NaN) - value) / 0.1 - slope) * (2 / 0.1)
      }),
    )
    t.true(Math.hypot(...acceleration) < Math.hypot(...velocity) / 3) // else it is not taken
    const expected = Float64Array.from(before)
    places.forEach((i, place) => {
      expected[i] = (before[i] ?? NaN) + (velocity[place] ?? NaN) + (acceleration[place] ?? NaN) / 2
    })
    network.parameters = before

    const optimizer = levenbergMarquardt({ mu })
    const trainer = new Trainer(network, { loss: 'meanSquaredError', optimizer })
    const { epochs } = await trainer.fit(data, { epochs: 1 })
    // The start, a tenth of the step, the step, and the Jacobian there.
    t.is(epochs[0]?.evaluations, 4)
    closeTo(t, network.parameters, expected, 1e-7)
  })

test('levenbergMarquardt and lbfgs find the same minimum of a penalized cost', async (t) => {
  const data = smallProblem()
  const minimize = async (optimizer: Optimizer) => {
    const network = build([dense(3, 'tanh'), dense(3)])
    const options = { loss: 'meanSquaredError', optimizer, l2: 1e-3 } as const
    const { epochs, converged } = await new Trainer(network, options).fit(data, { epochs: 3000 })
    t.true(converged, optimizer.name)
    return { outputs: network.predict(data.x).data, loss: last(epochs).loss }
  }
  const expected = await minimize(levenbergMarquardt())
  for (const optimizer of [bfgs({ gradientTolerance: 1e-9 }), lbfgs({ gradientTolerance: 1e-9 })]) {
    const { outputs, loss } = await minimize(optimizer)
    t.true(Math.abs(loss - expected.loss) <= 1e-12, optimizer.name)
    // Not the parameters: units may have changed places, or signs.
    closeTo(t, outputs, expected.outputs, 1e-5)
  }
})

// --- Under the Trainer ----------------------------------------------------------------------------

for (const optimizer of [bfgs(), lbfgs(), levenbergMarquardt()]) {
  const { name } = optimizer
  const make = (more: Partial<TrainerOptions> = {}) => {
    const network = build([dense(6, 'tanh'), dense(3)])
    const options = { loss: 'meanSquaredError', optimizer, ...more } as const
    return { network, trainer: new Trainer(network, options) }
  }

  test(`${name}: equal seeds give equal bits, on any number of threads`, async (t) => {
    const train = async (threads: number) => {
      const { network, trainer } = make({ threads })
      const { epochs } = await trainer.fit(smallProblem(), { epochs: 15 })
      return [...network.parameters, ...epochs.map(({ loss }) => loss)]
    }
    const first = await train(1)
    t.deepEqual(await train(1), first)
    t.deepEqual(await train(2), first)
    t.deepEqual(await train(3), first)
  })

  test(`${name}: reports have the cost of the point that was reached`, async (t) => {
    const data = smallProblem()
    const { network, trainer } = make({ l2: 1e-4 })
    let before: number = (await trainer.evaluate(data)).loss
    for await (const report of trainer.fit(data, {
      epochs: 12,
      validation: data,
      evaluateTrain: true,
    })) {
      t.true(report.loss < before)
      before = report.loss
      t.is(report.learningRate, 0)
      t.true(Math.abs(report.dataLoss - (report.train?.dataLoss ?? NaN)) <= 1e-14)
      t.true(Math.abs(report.penalty - (report.train?.penalty ?? NaN)) <= 1e-14)
      t.is(report.validation.loss, report.train?.loss ?? NaN)
      // The start is evaluated once, in the first iteration.
      const least = name === 'levenbergMarquardt' ? 3 : 1
      t.true(report.evaluations >= least + (report.epoch === 1 ? 1 : 0))
      t.true(report.evaluations < 40)
    }
    t.true(
      Math.abs((await trainer.evaluate(data)).dataLoss - (await evaluate(network, data))) < 1e-14,
    )
  })

  test(`${name}: fits of one iteration each are one fit of them all`, async (t) => {
    const data = smallProblem()
    const whole = make()
    await whole.trainer.fit(data, { epochs: 8 })
    const parts = make()
    for (let i = 0; i < 8; i++) await parts.trainer.fit(data, { epochs: 1 })
    t.deepEqual(parts.network.parameters, whole.network.parameters)
  })

  test(`${name}: layers may be frozen and thawed between fits`, async (t) => {
    const data = smallProblem()
    const { network, trainer } = make()
    await trainer.fit(data, { epochs: 3 })
    const hidden = layerOf(network, 0)
    const output = layerOf(network, 1)
    hidden.trainable = false
    const kernel = hidden.kernel.data
    const frozen = (await trainer.fit(data, { epochs: 3 })).epochs
    t.deepEqual(hidden.kernel.data, kernel)
    hidden.trainable = true
    output.trainable = false
    const outputKernel = output.kernel.data
    const thawed = (await trainer.fit(data, { epochs: 3 })).epochs
    t.notDeepEqual(hidden.kernel.data, kernel)
    t.deepEqual(output.kernel.data, outputKernel)
    output.trainable = true
    const all = (await trainer.fit(data, { epochs: 3 })).epochs
    const losses = [...frozen, ...thawed, ...all].map(({ loss }) => loss)
    t.deepEqual(
      losses,
      [...losses].sort((a, b) => b - a),
    )
  })

  test(`${name}: other rows, or weights set in between, make it begin anew`, async (t) => {
    const data = smallProblem()
    const half = data.slice(0, 200)
    const used = make()
    await used.trainer.fit(half, { epochs: 5 })
    const start = used.network.parameters
    const fresh = make()
    fresh.network.parameters = start
    await fresh.trainer.fit(data, { epochs: 3 })
    await used.trainer.fit(data, { epochs: 3 })
    t.deepEqual(used.network.parameters, fresh.network.parameters)
    used.network.parameters = start
    await used.trainer.fit(data, { epochs: 3 })
    t.deepEqual(used.network.parameters, fresh.network.parameters)
  })

  test(`${name}: a signal leaves the weights of the last finished iteration`, async (t) => {
    const data = smallProblem()
    const { network, trainer } = make()
    const controller = new AbortController()
    const reason = new Error('enough')
    let loss = NaN
    const fit = trainer.fit(data, {
      epochs: 1_000_000,
      signal: controller.signal,
      callbacks: [
        {
          onEpochEnd(report: EpochReport) {
            loss = report.loss
            if (report.epoch === 5) controller.abort(reason)
          },
        },
      ],
    })
    t.is(await t.throwsAsync(async () => fit), reason)
    t.true(Math.abs((await evaluate(network, data)) - loss) < 1e-14)
  })

  test(`${name}: ends when there is nowhere lower to go, and says so`, async (t) => {
    const { make: makeLinear, data } = linearProblem(1, 0, false)
    const trainer = new Trainer(makeLinear('float64'), { loss: 'meanSquaredError', optimizer })
    const first = await trainer.fit(data, { epochs: 500 })
    t.true(first.converged)
    t.true(first.epochs.length < 500)
    const second = await trainer.fit(data, { epochs: 500 })
    t.true(second.converged)
    t.true(second.epochs.length <= 2)
  })
}

test('adam, then lbfgs: the second phase goes on from where the first ended', async (t) => {
  const data = smallProblem()
  const network = build([dense(6, 'tanh'), dense(3)])
  const trainer = new Trainer(network, {
    loss: 'meanSquaredError',
    optimizer: [
      { optimizer: 'adam', epochs: 5 },
      { optimizer: lbfgs(), epochs: 20 },
      { optimizer: levenbergMarquardt(), epochs: 5 },
    ],
  })
  const { epochs } = await trainer.fit(data)
  t.deepEqual(
    epochs.map(({ phase }) => phase),
    [...Array<number>(5).fill(0), ...Array<number>(20).fill(1), ...Array<number>(5).fill(2)],
  )
  const losses = epochs.slice(4).map(({ loss }) => loss)
  t.deepEqual(
    losses,
    [...losses].sort((a, b) => b - a),
  )
  t.true(epochs.slice(0, 5).every(({ evaluations }) => evaluations === 0))
  t.true(epochs.slice(5).every(({ evaluations }) => evaluations > 0))
})

test('a phase of lbfgs ends with its own weights, not with averages of the phase before', async (t) => {
  const data = smallProblem()
  const network = build([dense(6, 'tanh'), dense(3)])
  const trainer = new Trainer(network, {
    loss: 'meanSquaredError',
    optimizer: [
      { optimizer: 'adam', epochs: 3 },
      { optimizer: lbfgs(), epochs: 5 },
    ],
    averageMomentum: 0.9,
  })
  const { epochs } = await trainer.fit(data)
  t.true(Math.abs((await evaluate(network, data)) - last(epochs).loss) < 1e-14)
  const { epochs: more } = await trainer.fit(data, { epochs: 1 })
  t.true(last(more).loss < last(epochs).loss)
  t.true(Math.abs((await evaluate(network, data)) - last(more).loss) < 1e-14)
})

test('a cost of a function of one’s own is minimized too', async (t) => {
  const data = smallProblem().slice(0, 50)
  const train = async (loss: TrainerOptions['loss']) => {
    const network = build([dense(3)])
    const trainer = new Trainer(network, { loss, optimizer: lbfgs() })
    const { converged } = await trainer.fit(data, { epochs: 100 })
    t.true(converged)
    return network.parameters
  }
  const expected = await train('meanSquaredError')
  const own = await train(({ outputs, targets, sampleWeights }) => {
    if (targets === undefined) throw new Error('no targets')
    const { data: values, shape } = outputs
    const errors = Float64Array.from(values, (value, k) => value - (targets.data[k] ?? NaN))
    const weight = (k: number) => (sampleWeights?.[Math.floor(k / shape[1])] ?? 1) / errors.length
    return {
      value: errors.reduce((total, error, k) => total + weight(k) * error * error, 0),
      gradient: errors.map((error, k) => 2 * weight(k) * error),
    }
  })
  closeTo(t, own, expected, 1e-7)
})

test('a signal during any evaluation of a function of one’s own ends the fit with its reason', async (t) => {
  const data = smallProblem()
  for (const at of [1, 2, 4]) {
    const controller = new AbortController()
    const reason = new Error('enough')
    let calls = 0
    const loss: TrainerOptions['loss'] = ({ outputs }) => {
      if (++calls === at) controller.abort(reason)
      return { value: sum(Array.from(outputs.data, (value) => value ** 4)), gradient: outputs.data }
    }
    const trainer = new Trainer(build([dense(3)]), { loss, optimizer: lbfgs() })
    const error = await t.throwsAsync(async () =>
      trainer.fit(data, { epochs: 50, signal: controller.signal }),
    )
    t.is(error, reason)
    t.is(calls, at)
  }
})

test('what a quasi-Newton method cannot have is refused', (t) => {
  for (const name of ['bfgs', 'lbfgs', 'levenbergMarquardt'] as const) {
    const refused = (
      layers: ConstructorParameters<typeof Network>[0]['layers'],
      message: RegExp,
      more: Partial<TrainerOptions> = {},
    ) =>
      t.throws(
        () => new Trainer(build(layers), { loss: 'meanSquaredError', optimizer: name, ...more }),
        { instanceOf: RangeError, message },
      )
    refused([dense(3), dropout(0.5)], /^`\w+` needs a cost .* cannot train with dropout$/)
    refused([dense(3), gaussianNoise(1)], /cannot train with gaussianNoise$/)
    refused([dense(3), batchNorm()], /cannot train with batchNorm$/)
    refused([dense(3, { maxNorm: 1 })], /cannot keep `maxNorm`$/)
  }
  const only = { loss: 'meanSquaredError', optimizer: 'levenbergMarquardt' } as const
  t.throws(() => new Trainer(build([dense(3)]), { ...only, loss: 'huber' }), {
    instanceOf: RangeError,
    message: '`levenbergMarquardt` needs a squared error, got `huber`',
  })
  t.throws(() => new Trainer(build([dense(3)]), { ...only, l1: 0.1 }), { instanceOf: RangeError })
  t.throws(() => new Trainer(build([dense(3, { activityL2: 0.1 })]), only), {
    instanceOf: RangeError,
  })
})

test('a batch normalization trains with lbfgs while frozen, and is refused once thawed', async (t) => {
  const network = freeze(build([dense(4), batchNorm(), dense(3)]), 1)
  const trainer = new Trainer(network, { loss: 'meanSquaredError', optimizer: lbfgs() })
  const data = smallProblem()
  await trainer.fit(data, { epochs: 2 })
  layerOf(network, 1).trainable = true
  t.throws(() => trainer.fit(data, { epochs: 2 }), {
    instanceOf: RangeError,
    message: /cannot train with batchNorm$/,
  })
  t.false(network.isTraining)
})

test('more parameters than a method takes are refused, at once and when layers are thawed', async (t) => {
  const network = new Network({ inputs: 100, layers: [dense(120), dense(1)] })
  layerOf(network, 0).trainable = false
  const x = randomMatrix(5, 100, 1)
  const data = new Dataset(
    x,
    x.map(() => [1]),
  )
  for (const optimizer of [bfgs(), levenbergMarquardt()]) {
    const trainer = new Trainer(network, { loss: 'meanSquaredError', optimizer })
    await trainer.fit(data, { epochs: 1 })
    layerOf(network, 0).trainable = true
    const message = /learns \d+ parameters at most, .* the network has 12241/
    t.throws(() => new Trainer(network, { loss: 'meanSquaredError', optimizer }), { message })
    await t.throwsAsync(async () => trainer.fit(data, { epochs: 1 }), { message })
    layerOf(network, 0).trainable = false
  }
})

// --- Small things ---------------------------------------------------------------------------------

/** The squared error of a network's predictions, weighted as in keras's conventions. */
async function evaluate(network: Network<'float64'>, data: Dataset): Promise<number> {
  const trainer = new Trainer(network, { loss: 'meanSquaredError', optimizer: 'sgd' })
  return (await trainer.evaluate(data)).dataLoss
}

function closeTo(
  t: ExecutionContext,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
): void {
  t.is(actual.length, expected.length)
  const errors = Array.from(actual, (value, i) => Math.abs(value - (expected[i] ?? NaN)))
  const largest = Math.max(...errors)
  t.true(largest <= tolerance, `off by ${largest}`)
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function last<T>(values: readonly T[]): T {
  const value = values.at(-1)
  if (value === undefined) throw new Error('nothing there')
  return value
}
