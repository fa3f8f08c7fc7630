import type { Column } from '../data/column.js'
import { cellOf, lengthOf } from '../data/column.js'
import type { FloatArray, Matrix } from '../matrix.js'
import { Model } from '../model.js'
import type { Encoding } from '../options/index.js'
import { checkData } from './failure.js'
import { readRowsFor } from './model_file.js'
import { givesProbabilities, likelihoodOf } from './predicted_rows.js'

type Value = string | number | null

/** What a model predicts, by column: a value for each row. */
export type Predictions = Readonly<Record<string, readonly Value[]>>

/** The column of how likely the predicted classes are. */
const probability = 'probability'

/**
 * Predicts the rows of a file.
 *
 * @param keep - columns of the file that stand before those that are predicted
 */
export async function predictRows(
  modelPath: string,
  path: string,
  keep: readonly string[],
  encoding: Encoding,
): Promise<Predictions> {
  const model = await Model.load(modelPath)
  const table = await readRowsFor(model, path, { others: keep, encoding })
  const features = await checkData(path, () => model.pipeline.features(table))
  const outputs = await model.network.predictAsync(features)
  const kept = keep.map((name) => [name, toValues(table.column(name))] as const)
  const predicted = Object.entries(toPredictions(model, features, outputs)).map(
    ([name, values]) => [keep.includes(name) ? `predicted ${name}` : name, values] as const,
  )
  return Object.fromEntries([...kept, ...predicted])
}

function toPredictions(
  model: Model,
  features: Matrix<FloatArray>,
  outputs: Matrix<FloatArray>,
): Predictions {
  const { network, pipeline, classes } = model
  const names = pipeline.target
  if (classes === undefined) {
    const { data, shape } = pipeline.inverseTarget(outputs)
    const [rows, width] = shape
    const column = (j: number) =>
      Array.from({ length: rows }, (_, row) => shortest(data[row * width + j] ?? NaN))
    return Object.fromEntries(
      Array.from({ length: width }, (_, j) => [names[j] ?? `prediction${j}`, column(j)]),
    )
  }
  const indices = network.classify(features)
  const [target = 'prediction'] = names
  return {
    [target]: Array.from(indices, (index) => classes[index] ?? index),
    ...(givesProbabilities(model) && {
      [target === probability ? `${probability} of it` : probability]: Array.from(
        indices,
        (index, row) => Number(likelihoodOf(outputs, row, index).toPrecision(7)),
      ),
    }),
  }
}

function toValues(column: Column): Value[] {
  return Array.from({ length: lengthOf(column) }, (_, row) => {
    const cell = cellOf(column, row)
    return cell instanceof Date ? cell.toISOString() : cell
  })
}

/** The shortest number that is the same in float32, which is what a network of float32 knows of it. */
function shortest(value: number): number {
  const single = Math.fround(value)
  if (single !== value) return value
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === single) return short
  }
  return value
}

/**
 * CSV as RFC 4180 has it, but for its line ends; numbers as JavaScript shows them. In pieces of many
 * lines, each without its last line end: all of a large file would be more than a text can hold.
 */
export function* toCsv(predictions: Predictions): Generator<string, void, undefined> {
  const toLine = (row: readonly Value[]) => row.map(quote).join(',')
  yield toLine(Object.keys(predictions))
  for (const rows of blocksOf(predictions)) yield rows.map(toLine).join('\n')
}

/** An object a line, in pieces as {@link toCsv}. */
export function* toJsonLines(predictions: Predictions): Generator<string, void, undefined> {
  const names = Object.keys(predictions)
  const toLine = (row: readonly Value[]) =>
    JSON.stringify(Object.fromEntries(names.map((name, j) => [name, row[j]])))
  for (const rows of blocksOf(predictions)) yield rows.map(toLine).join('\n')
}

const blockRows = 2 ** 14

function* blocksOf(predictions: Predictions): Generator<Value[][], void, undefined> {
  const columns = Object.values(predictions)
  const rows = columns[0]?.length ?? 0
  for (let from = 0; from < rows; from += blockRows)
    yield Array.from({ length: Math.min(blockRows, rows - from) }, (_, i) =>
      columns.map((values) => values[from + i] ?? null),
    )
}

function quote(cell: Value): string {
  const text = String(cell ?? '')
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
