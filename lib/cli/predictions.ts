import { Model } from '../model.js'
import { checkData } from './failure.js'
import { readRowsFor } from './model_file.js'
import { givesProbabilities, likelihoodOf } from './predicted_rows.js'

/** What a model predicts, by column: a value for each row. */
export type Predictions = Readonly<Record<string, readonly (string | number)[]>>

/** Predicts the rows of a file. */
export async function predictRows(modelPath: string, path: string): Promise<Predictions> {
  const model = await Model.load(modelPath)
  const table = await readRowsFor(model, path)
  const features = await checkData(path, () => model.pipeline.features(table))
  const { network, pipeline, classes } = model
  const names = pipeline.target
  const outputs = await network.predictAsync(features)
  if (classes === undefined) {
    const { data, shape } = pipeline.inverseTarget(outputs)
    const [rows, width] = shape
    const column = (j: number) =>
      Array.from({ length: rows }, (_, row) => data[row * width + j] ?? NaN)
    return Object.fromEntries(
      Array.from({ length: width }, (_, j) => [names[j] ?? `prediction${j}`, column(j)]),
    )
  }
  const indices = network.classify(features)
  return {
    [names[0] ?? 'prediction']: Array.from(indices, (index) => classes[index] ?? index),
    ...(givesProbabilities(model) && {
      probability: Array.from(indices, (index, row) =>
        Number(likelihoodOf(outputs, row, index).toPrecision(7)),
      ),
    }),
  }
}

/** CSV as RFC 4180 has it, but for its line ends; numbers as JavaScript shows them. */
export function toCsv(predictions: Predictions): string {
  return [Object.keys(predictions), ...rowsOf(predictions)]
    .map((row) => row.map(quote).join(','))
    .join('\n')
}

/** An object a line. */
export function toJsonLines(predictions: Predictions): string {
  const names = Object.keys(predictions)
  return rowsOf(predictions)
    .map((row) => JSON.stringify(Object.fromEntries(names.map((name, j) => [name, row[j]]))))
    .join('\n')
}

function rowsOf(predictions: Predictions): (string | number)[][] {
  const columns = Object.values(predictions)
  return (columns[0] ?? []).map((_, row) => columns.map((values) => values[row] ?? ''))
}

function quote(cell: string | number): string {
  const text = String(cell)
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
