import { types } from 'node:util'
import { Table } from '../data/table.js'
import { Dataset } from '../dataset.js'
import { typeError } from '../errors.js'
import type { DType, TypedArray } from '../matrix.js'
import { Model } from '../model.js'
import { Network } from '../network.js'
import type { DecisionBoundaryOptions } from '../options/index.js'
import { complete, decisionBoundaryOptions } from '../options/index.js'
import type { RawRows } from '../preparation/raw_rows.js'
import { readRows } from '../preparation/raw_rows.js'
import { extentOf } from './extent.js'
import { percent } from './labels.js'
import { legendColumns, shapes } from './lines.js'
import type { Specification } from './render.js'
import { render } from './render.js'
import { themes } from './themes.js'
import { toTitle } from './titles.js'

const { light } = themes
const side = 400 // pixels
const symbolWidth = 32 // pixels, with the space around it
const margin = 0.08 // around the points, of their extent
const mostPoints = 1000
const mostClasses = 30 // that colours and shapes can tell apart

/** Rows of two features with their classes, and what tells the class of any such row. */
interface Scene {
  /** The features' names. */
  readonly names: readonly [string, string]
  readonly x: TypedArray
  readonly y: TypedArray
  readonly labels: Int32Array
  readonly classes: number
  readonly classNames: readonly (string | number)[] | undefined
  /** Classes of points, by index. */
  readonly classify: (x: Float64Array, y: Float64Array) => Int32Array
}

/**
 * Which class a network gives to each point of the plane of two features, as SVG: areas in the
 * classes' colours, and rows (at most 1000, evenly chosen) in stronger ones, each class with a shape
 * of its own.
 *
 * @param network - of two inputs; or a Model of two columns of numbers, in whose own units it is drawn
 * @param data - rows with class labels; for a Model what its pipeline takes, with the target
 * @throws TypeError or RangeError if there are not two features, or no class labels, or for an option
 * that is unknown, of the wrong type or out of range
 *
 * @example
 * const layers = [dense(16, 'tanh'), dense(2, 'softmax')]
 * const network = new Network({ inputs: 2, layers })
 * const trainer = new Trainer(network, { loss: 'categoricalCrossentropy', optimizer: 'lbfgs' })
 * const data = moons({ noise: 0.2 })
 * await trainer.fit(data, { epochs: 50 })
 * const svg = await plot.decisionBoundary(network, data)
 */
export async function decisionBoundary(
  network: Network | Network<'float64'> | Network<DType>,
  data: Dataset,
  options?: DecisionBoundaryOptions,
): Promise<string>
export async function decisionBoundary(
  model: Model,
  data: RawRows,
  options?: DecisionBoundaryOptions,
): Promise<string>
export async function decisionBoundary(
  network: Network<DType> | Model,
  data: unknown,
  options: DecisionBoundaryOptions = {},
): Promise<string> {
  const settings = complete('decisionBoundary', decisionBoundaryOptions, options)
  const { title = 'Decision boundary', theme, resolution } = settings
  const scene = network instanceof Model ? modelScene(network, data) : networkScene(network, data)
  if (scene.classes > mostClasses)
    throw new RangeError(`At most ${mostClasses} classes are drawn, got ${scene.classes}`)
  const names = settings.classNames ?? scene.classNames ?? []
  const nameOf = (label: number) => String(names[label] ?? `class ${label}`)
  const subtitle = settings.subtitle ?? summary(scene)
  return render(toSpecification(scene, resolution, nameOf, title, subtitle), title, theme)
}

function networkScene(network: unknown, data: unknown): Scene {
  if (!(network instanceof Network)) throw typeError('network', 'a Network or a Model', network)
  if (!(data instanceof Dataset)) throw typeError('data', 'a Dataset', data)
  checkFeatures(network.inputs, 'The network takes')
  checkFeatures(data.features, 'The Dataset has')
  const { data: x } = data.x
  const [first = 'x0', second = 'x1'] = data.featureNames ?? []
  return {
    names: [first, second],
    x: x.filter((_, i) => i % 2 === 0),
    y: x.filter((_, i) => i % 2 === 1),
    ...labelsOf(data),
    classNames: undefined,
    classify: (x, y) => network.classify(interleave(x, y)),
  }
}

function modelScene({ pipeline, network, classes }: Model, data: unknown): Scene {
  const [first = '', second = ''] = pipeline.inputs
  checkFeatures(pipeline.inputs.length, 'The model takes')
  const table = readRows(data, pipeline.inputs, pipeline.target)
  const [x, y] = [first, second].map((name) => {
    const column = table.column(name)
    if (column.type !== 'number') throw typeError(name, 'a column of numbers', column)
    return column.values
  })
  if (x === undefined || y === undefined) throw new Error('No columns')
  return {
    names: [first, second],
    x,
    y,
    ...labelsOf(pipeline.transform(table)),
    classNames: classes,
    classify: (x, y) =>
      network.classify(
        pipeline.features(
          new Table(
            new Map([
              [first, x],
              [second, y],
            ]),
          ),
        ),
      ),
  }
}

function checkFeatures(features: number, owner: string): void {
  if (features !== 2)
    throw new RangeError(`A decision boundary is drawn for two features. ${owner} ${features}`)
}

function labelsOf(data: Dataset) {
  const { y: labels, classes } = data
  if (!types.isInt32Array(labels))
    throw new TypeError('A decision boundary is drawn for rows with class labels')
  return { labels, classes }
}

function interleave(x: Float64Array, y: Float64Array): Float64Array {
  const both = new Float64Array(2 * x.length)
  x.forEach((value, i) => {
    both[2 * i] = value
    both[2 * i + 1] = y[i] ?? NaN
  })
  return both
}

function summary({ x, y, labels, classify }: Scene): string {
  const predictions = classify(Float64Array.from(x), Float64Array.from(y))
  const right = labels.filter((label, row) => label === predictions[row]).length
  return `${right} of ${labels.length} right, ${percent(right / labels.length, 1)}`
}

function toSpecification(
  scene: Scene,
  resolution: number,
  nameOf: (label: number) => string,
  title: string,
  subtitle: string,
): Specification {
  const [across, up] = [spanOf(scene.x), spanOf(scene.y)]
  const colorOf = (label: number) => light.series[label % light.series.length] ?? light.ink
  const areas = runs(scene, across, up, resolution).map(({ label, ...area }) => ({
    ...area,
    color: light.tints[label % light.tints.length],
  }))
  const classes = Array.from({ length: scene.classes }, (_, label) => label)
  const domain = classes.map(nameOf)
  const points = pointsOf(scene).map(({ label, ...point }) => ({ ...point, name: nameOf(label) }))
  const channel = (field: 'x' | 'y', [least, most]: Extent, name: string) => ({
    field,
    type: 'quantitative' as const,
    title: name,
    scale: { domain: [least, most], nice: false, zero: false },
    axis: { grid: false, labelOverlap: true },
  })
  const legend = { columns: legendColumns(domain, side, symbolWidth) }
  const [first, second] = scene.names
  const x = channel('x', across, first)
  const y = channel('y', up, second)
  return {
    title: toTitle(title, subtitle, side),
    width: side,
    height: side,
    layer: [
      {
        data: { values: areas },
        mark: { type: 'rect' },
        encoding: {
          x,
          x2: { field: 'x2' },
          y,
          y2: { field: 'y2' },
          fill: { field: 'color', type: 'nominal', scale: null },
        },
      },
      {
        data: { values: points },
        mark: {
          type: 'point',
          filled: true,
          size: 44,
          opacity: 1,
          stroke: light.background,
          strokeWidth: 0.75,
        },
        encoding: {
          x,
          y,
          color: {
            field: 'name',
            type: 'nominal',
            legend,
            scale: { domain, range: classes.map(colorOf) },
          },
          shape: {
            field: 'name',
            type: 'nominal',
            legend,
            scale: {
              domain,
              range: classes.map((label) => shapes[label % shapes.length]) as string[],
            },
          },
        },
      },
    ],
  }
}

type Extent = readonly [least: number, most: number]

function spanOf(values: TypedArray): Extent {
  const [least, most] = extentOf(values)
  if (least > most) return [0, 1]
  const space = margin * (most - least) || 1
  return [least - space, most + space]
}

/** Rows with both features, evenly chosen where there are many. */
function pointsOf({ x, y, labels }: Scene) {
  const all = Array.from(labels, (label, row) => ({ x: x[row] ?? NaN, y: y[row] ?? NaN, label }))
  const drawable = all.filter((point) => Number.isFinite(point.x) && Number.isFinite(point.y))
  const step = Math.max(1, drawable.length / mostPoints)
  const count = Math.min(drawable.length, mostPoints)
  return Array.from({ length: count }, (_, i) => drawable[Math.floor(i * step)]).filter(
    (point) => point !== undefined,
  )
}

/**
 * Rectangles of one class each: cells of a grid, those side by side joined. Each reaches a little
 * into the next ones, which are drawn above it, so that no gap shines through between them.
 */
function runs({ classify }: Scene, across: Extent, up: Extent, resolution: number) {
  const [width, height] = [across, up].map(([least, most]) => (most - least) / resolution)
  if (width === undefined || height === undefined) throw new Error('No size')
  const count = resolution ** 2
  const xs = Float64Array.from(
    { length: count },
    (_, i) => across[0] + ((i % resolution) + 0.5) * width,
  )
  const ys = Float64Array.from(
    { length: count },
    (_, i) => up[0] + (Math.floor(i / resolution) + 0.5) * height,
  )
  const labels = classify(xs, ys)
  const found: { x: number; x2: number; y: number; y2: number; label: number }[] = []
  for (let row = 0; row < resolution; row++) {
    const line = labels.subarray(row * resolution, (row + 1) * resolution)
    const y = up[0] + row * height
    const y2 = Math.min(up[1], y + 1.25 * height)
    for (let begin = 0, end = 0; begin < resolution; begin = end) {
      const label = line[begin] ?? 0
      while (end < resolution && line[end] === label) end++
      const x2 = Math.min(across[1], across[0] + (end + 0.25) * width)
      found.push({ x: across[0] + begin * width, x2, y, y2, label })
    }
  }
  return found
}
