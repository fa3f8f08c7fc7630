import type {
  ActivationName,
  Conventions,
  EmbeddedColumn,
  EmbeddingOptions,
  LayerDescription,
  LayerType,
  Loss,
  Metric,
  MetricName,
  NetworkOptions,
  Optimizer,
  OptimizerOptions,
  Phase,
  Schedule,
  ScheduleName,
} from '../../lib/index.js'
import {
  activation,
  adam,
  bfgs,
  cosineDecay,
  dense,
  dropout,
  embedding,
  lbfgs,
  Network,
  oneCycle,
  piecewise,
  sgd,
  stepDecay,
  Trainer,
  warmup,
} from '../../lib/index.js'
import type { Equal } from './equal.js'
import { is } from './equal.js'

// Types of options, beside those that test/types.test.ts walks. Nothing here is run.

export function equality() {
  is<Equal<1 | 2, 2 | 1>>()
  // @ts-expect-error -- assignable is not equal
  is<Equal<1, number>>()
  // @ts-expect-error -- nor is what everything is assignable to
  is<Equal<unknown, string>>()
  // @ts-expect-error -- an option may be missing
  is<Equal<{ a: 1 }, { a?: 1 }>>()
}

export function layers() {
  dense(3, 'relu')
  dense(3, { activation: { name: 'leakyRelu', slope: 0.1 }, kernelInitializer: 'heNormal' })
  is<Equal<ReturnType<typeof dense>, LayerDescription<'dense'>>>()
  is<Equal<LayerDescription['type'], LayerType>>()
  is<Equal<LayerDescription<'dropout'>, { readonly type: 'dropout'; readonly rate: number }>>()
  // @ts-expect-error -- no such activation
  dense(3, 'rely')
  // @ts-expect-error -- the option of another activation
  dense(3, { activation: { name: 'elu', slope: 0.1 } })
  // @ts-expect-error -- units are an argument
  dense(3, { units: 3 })
  // @ts-expect-error -- no such initializer
  dense(3, { kernelInitializer: 'he' })
  // @ts-expect-error -- the option of another initializer
  dense(3, { kernelInitializer: { name: 'constant', stddev: 1 } })
  // @ts-expect-error -- no activation at all
  activation()
  // @ts-expect-error -- an object has no place here
  dropout({ rate: 0.5 })
  const column = { column: 0, categories: 3, dimensions: 2 }
  embedding({ columns: [column], initializer: 'heNormal', l1: 0.1, l2: 0.1, trainable: false })
  is<Equal<ReturnType<typeof embedding>, LayerDescription<'embedding'>>>()
  is<Equal<EmbeddingOptions['columns'], readonly EmbeddedColumn[]>>()
  is<Equal<EmbeddedColumn, { readonly [K in keyof typeof column]: number }>>()
  // @ts-expect-error -- no columns
  embedding()
  // @ts-expect-error -- a column without categories
  embedding({ columns: [{ column: 0, dimensions: 2 }] })
  // @ts-expect-error -- the option of a dense layer
  embedding({ columns: [column], maxNorm: 1 })
  const described: LayerDescription[] = [
    { type: 'dense', units: 3 },
    // @ts-expect-error -- no units
    { type: 'dense' },
    // @ts-expect-error -- the option of another layer
    { type: 'dropout', rate: 0.5, units: 3 },
    // @ts-expect-error -- no such layer
    { type: 'convolution' },
  ]
  return described
}

export function names() {
  is<Equal<Extract<ActivationName, 'relu'>, 'relu'>>()
  is<Equal<Extract<ActivationName, 'rely'>, never>>()
  is<Equal<Conventions, 'keras' | 'torch' | 'sklearn'>>()
  // @ts-expect-error -- no such library
  const conventions: Conventions = 'tensorflow'
  return conventions
}

export function networks() {
  is<Equal<NetworkOptions['dtype'], 'float32' | undefined>>()
  // @ts-expect-error -- no such type
  new Network({ inputs: 1, layers: [dense(1)], dtype: 'float16' })
  // @ts-expect-error -- no inputs
  new Network({ layers: [dense(1)] })
  // @ts-expect-error -- no layers
  new Network({ inputs: 1 })
  // @ts-expect-error -- names are no layers
  new Network({ inputs: 1, layers: ['dense'] })
}

export function optimizers() {
  is<Equal<ReturnType<typeof sgd>, Optimizer<'sgd'>>>()
  is<Equal<Optimizer<'lbfgs'>['name'], 'lbfgs'>>()
  is<Equal<OptimizerOptions<'bfgs'>['maximumEvaluations'], number | undefined>>()
  sgd({ learningRate: ({ epoch, step }) => epoch + step })
  sgd({ learningRate: warmup(cosineDecay(0.1, { steps: 10 }), { steps: 5, per: 'epoch' }) })
  // @ts-expect-error -- a function of the position returns a number
  sgd({ learningRate: () => 'fast' })
  // @ts-expect-error -- steps are chosen by a line search
  lbfgs({ learningRate: 0.1 })
  // @ts-expect-error -- the option of another rule
  bfgs({ history: 10 })
  // @ts-expect-error -- the option of another rule
  adam({ momentum: 0.9 })
}

export function schedules() {
  is<Equal<ReturnType<typeof oneCycle>, Schedule<'oneCycle'>>>()
  is<Equal<Schedule['name'], ScheduleName>>()
  is<Equal<Schedule<'warmup'>['schedule'], Schedule>>()
  // @ts-expect-error -- without a rate
  stepDecay({ every: 10 })
  // @ts-expect-error -- the rate is an argument
  stepDecay(0.1, { every: 10, rate: 0.1 })
  // @ts-expect-error -- `every` is missing
  stepDecay(0.1)
  // @ts-expect-error -- no such unit
  cosineDecay(0.1, { steps: 10, per: 'batch' })
  // @ts-expect-error -- only one list
  piecewise({ rates: [0.1] })
  // @ts-expect-error -- functions do not follow a warmup
  warmup(() => 0.1, { steps: 10 })
}

export function trainers(network: Network) {
  const loss = 'meanSquaredError'
  const phases: Phase[] = [
    { optimizer: 'adam', epochs: 10 },
    { optimizer: lbfgs(), epochs: 5, batchSize: 7 },
  ]
  new Trainer(network, { loss, optimizer: phases })
  // @ts-expect-error -- a phase without an end
  new Trainer(network, { loss, optimizer: [{ optimizer: 'adam' }] })
  // @ts-expect-error -- optimizers that are no phases
  new Trainer(network, { loss, optimizer: [adam(), lbfgs()] })
  // @ts-expect-error -- no such optimizer
  new Trainer(network, { loss, optimizer: 'adma' })
  // @ts-expect-error -- no loss
  new Trainer(network, { optimizer: 'adam' })
  // @ts-expect-error -- the option of no loss
  new Trainer(network, { loss: { name: 'huber', slope: 1 }, optimizer: 'adam' })
  // @ts-expect-error -- the option of another loss
  new Trainer(network, { loss: { name: 'hinge', delta: 1 }, optimizer: 'adam' })
  // @ts-expect-error -- no such metric
  new Trainer(network, { loss, optimizer: 'adam', metrics: ['acuracy'] })
  // @ts-expect-error -- the option of another metric
  new Trainer(network, { loss, optimizer: 'adam', metrics: [{ name: 'f1', k: 3 }] })
  // @ts-expect-error -- no such average
  new Trainer(network, { loss, optimizer: 'adam', metrics: [{ name: 'f1', average: 'mean' }] })
  new Trainer(network, { loss, optimizer: 'adam', classWeights: { 0: 1, 7: 3 } })
  // @ts-expect-error -- weights are numbers
  new Trainer(network, { loss, optimizer: 'adam', classWeights: ['heavy'] })
  is<Equal<Extract<Metric<'f1'>, string>, 'f1'>>()
  is<Equal<Exclude<Metric, object>, MetricName>>()
}

export function losses(network: Network) {
  const own: Loss = ({ outputs, targets, labels, sampleWeights }) => {
    is<Equal<typeof labels, Int32Array | undefined>>()
    is<Equal<typeof outputs.data, Float32Array | Float64Array>>()
    is<Equal<typeof sampleWeights, Float32Array | Float64Array | undefined>>()
    is<Equal<NonNullable<typeof targets>['shape'], readonly [rows: number, columns: number]>>()
    return { value: 0, gradient: outputs.data }
  }
  new Trainer(network, { loss: own, optimizer: 'adam' })
  // @ts-expect-error -- no gradient
  new Trainer(network, { loss: () => ({ value: 0 }), optimizer: 'adam' })
  // @ts-expect-error -- a value alone
  new Trainer(network, { loss: () => 0, optimizer: 'adam' })
  // @ts-expect-error -- training does not wait for promises
  new Trainer(network, { loss: async () => Promise.resolve({ value: 0, gradient: [0] }), optimizer: 'adam' }) // prettier-ignore
}
