import type { Cell } from '../data/column.js'
import type { Table } from '../data/table.js'
import type { Model } from '../model.js'
import type { ReportPart, ReportSection, ReportTable } from '../plot/index.js'
import { confusion, predictions as plotPredictions } from '../plot/index.js'
import { mostClasses } from '../plot/confusion.js'
import { percent } from '../plot/labels.js'
import { fileColumns, rowNumbers } from './parts.js'
import { showNumber } from './model_scores.js'
import type { PredictedTarget } from './predicted_rows.js'
import { isClassifier, predictClasses, predictNumbers } from './predicted_rows.js'

const mostShown = 20 // rows
const mostColumns = 8

/** Rows that a model is judged by. */
export interface JudgedRows {
  /** `test` */
  readonly name: string
  /** With the target, and the rows' numbers. */
  readonly table: Table
}

/** What a model predicts for rows beside the truth, and the rows that it is most wrong about. */
export async function predictionSections(model: Model, rows: JudgedRows): Promise<ReportSection[]> {
  return isClassifier(model) ? classSections(model, rows) : numberSections(model, rows)
}

async function classSections(model: Model, rows: JudgedRows): Promise<ReportSection[]> {
  const classes = model.classes ?? []
  const { labels, predictions, likelihoods } = await predictClasses(model, rows.table)
  const isWrong = (row: number) => labels[row] !== predictions[row]
  const worst = [...labels.keys()]
    .sort((a, b) => (likelihoods[a] ?? 0) - (likelihoods[b] ?? 0) || 0) // 0 of those without
    .filter(isWrong)
  const nameOf = (index: number | undefined) => String(classes[index ?? -1] ?? index)
  const matrix: ReportPart =
    classes.length > mostClasses
      ? `${classes.length} classes are too many for a confusion matrix.`
      : {
          svg: await confusion(
            { labels, predictions },
            { classNames: classes, title: `Confusion matrix of the ${rows.name} rows` },
          ),
          name: 'confusion',
        }
  return [
    { title: 'What is taken for what', parts: [matrix] },
    {
      title: 'The worst rows',
      parts: [
        worst.length === 0
          ? `All ${labels.length} ${rows.name} rows are right.`
          : `${worst.length} of ${labels.length} ${rows.name} rows are wrong, ` +
            `${percent(worst.length / labels.length)}. First those whose true class the network ` +
            'found least likely.',
        ...worstTable(rows, model, worst, [
          { title: 'is', show: (row) => nameOf(labels[row]) },
          { title: 'taken for', show: (row) => nameOf(predictions[row]) },
          { title: 'likelihood of the truth', show: (row) => percent(likelihoods[row] ?? NaN, 1) },
        ]),
      ],
    },
  ]
}

async function numberSections(model: Model, rows: JudgedRows): Promise<ReportSection[]> {
  const all = await predictNumbers(model, rows.table)
  return Promise.all(all.map((one, i) => numberSection(model, rows, one, i)))
}

async function numberSection(
  model: Model,
  rows: JudgedRows,
  { name, targets, predictions }: PredictedTarget,
  place: number,
): Promise<ReportSection> {
  const errorOf = (row: number) => (predictions[row] ?? NaN) - (targets[row] ?? NaN)
  const worst = [...targets.keys()].sort((a, b) => Math.abs(errorOf(b)) - Math.abs(errorOf(a)))
  return {
    title: `Predicted and true ${name}`,
    parts: [
      {
        svg: await plotPredictions(
          { targets, predictions },
          { target: name, title: `Predicted and true ${name}, ${rows.name} rows` },
        ),
        caption: 'Left, good predictions are near the line; right, too high ones are above it.',
        name: place === 0 ? 'predictions' : `predictions-${place}`,
      },
      'The rows whose predictions are farthest from the truth:',
      ...worstTable(rows, model, worst, [
        { title: 'is', show: (row) => showNumber(targets[row] ?? NaN) },
        { title: 'predicted', show: (row) => showNumber(predictions[row] ?? NaN) },
        { title: 'too high by', show: (row) => showNumber(errorOf(row)) },
      ]),
    ],
  }
}

/** A column of a table of rows. */
interface ShownColumn {
  readonly title: string
  readonly show: (row: number) => string
}

/** The first of these rows with what is in them, the inputs of the model before other columns. */
function worstTable(
  { table }: JudgedRows,
  { pipeline }: Model,
  worst: readonly number[],
  shown: readonly ShownColumn[],
): ReportTable[] {
  if (worst.length === 0) return []
  const numbers = rowNumbers(table)
  const others = fileColumns(table).filter((name) => !pipeline.inputs.includes(name))
  const names = [...pipeline.inputs, ...others].filter((name) => !pipeline.target.includes(name))
  const columns = names.slice(0, mostColumns)
  const left = names.length - columns.length
  return [
    {
      columns: ['row', ...shown.map(({ title }) => title), ...columns],
      rows: worst.slice(0, mostShown).map((row) => {
        const cells = table.row(row)
        const own = columns.map((name) => showCell(cells[name] ?? null))
        return [numbers[row] ?? NaN, ...shown.map(({ show }) => show(row)), ...own]
      }),
      caption:
        'Rows count from 1 in the file, its line of names left out' +
        (left > 0 ? `; ${left} of its columns are not shown.` : '.'),
    },
  ]
}

const mostCharacters = 40

function showCell(cell: Cell): string {
  if (cell === null) return ''
  if (typeof cell === 'number') return Number.isInteger(cell) ? String(cell) : showNumber(cell)
  if (cell instanceof Date) return cell.toISOString().replace(/T00:00:00\.000Z$/, '')
  return cell.length > mostCharacters ? `${cell.slice(0, mostCharacters - 1)}…` : cell
}
