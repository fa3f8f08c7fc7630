import type { ColumnType } from '../data/column_types.js'
import type { Column } from '../data/column.js'
import type { Table } from '../data/table.js'
import type { Model } from '../model.js'
import type { Encoding } from '../options/index.js'
import type { Pipeline } from '../preparation/pipeline.js'
import { readTable } from './data_file.js'
import { Failure } from './failure.js'
import { numberRows, withTarget } from './parts.js'
import type { Terminal } from './terminal.js'

/** Columns that go through the same steps. */
export interface Preparation {
  readonly columns: readonly string[]
  /** Names of the transformers' classes. */
  readonly steps: readonly string[]
}

/** What a file says of a step. */
interface SavedStep {
  readonly type: string
  readonly state?: {
    readonly columns?: readonly { readonly name: string; readonly type?: Column['type'] }[]
  }
}

/** The parts of a pipeline's JSON that are shown, or used here. */
interface SavedPipeline {
  readonly columns?: readonly {
    readonly columns: readonly string[]
    readonly steps: readonly SavedStep[]
  }[]
  readonly steps: readonly SavedStep[]
  readonly targetTransformer?: SavedStep
}

function save(pipeline: Pipeline): SavedPipeline {
  return JSON.parse(JSON.stringify(pipeline)) as SavedPipeline // of the form that toJSON has
}

/** What a pipeline does with which columns. */
export function preparationsOf(pipeline: Pipeline): readonly Preparation[] {
  const { columns = [], steps } = save(pipeline)
  const all = steps.map(({ type }) => type)
  return columns
    .filter((group) => group.columns.length > 0)
    .map((group) => ({
      columns: group.columns,
      steps: [...group.steps.map(({ type }) => type), ...all],
    }))
}

/** The class of what the target goes through. */
export function targetTransformerOf(pipeline: Pipeline): string | undefined {
  return save(pipeline).targetTransformer?.type
}

/**
 * Types of the columns that the pipeline learned texts or dates from, so that texts of digits stay
 * texts. Numbers are left to be inferred: they may be written as true and false.
 */
function typesOf(pipeline: Pipeline): Record<string, ColumnType> {
  const learned = (save(pipeline).columns ?? []).flatMap(
    ({ steps }) => steps[0]?.state?.columns ?? [],
  )
  return Object.fromEntries(
    learned.flatMap(({ name, type }) =>
      type === 'category' || type === 'date' ? [[name, type] as const] : [],
    ),
  )
}

/** What is wanted of rows for a model. */
interface RowsWanted {
  /** The columns that they must have beside those that features are made of. */
  readonly others?: readonly string[]
  /** Of .csv and .tsv files. Default 'utf-8'. */
  readonly encoding?: Encoding | undefined
}

/** Reads the rows that a model is to be used on. */
export async function readRowsFor(
  model: Model,
  path: string,
  { others = [], encoding }: RowsWanted,
): Promise<Table> {
  const { pipeline, classes } = model
  const [target = ''] = pipeline.target
  const isText = typeof classes?.[0] === 'string'
  const columns: Record<string, ColumnType> = {
    ...typesOf(pipeline),
    ...(others.includes(target) && isText && { [target]: 'category' as const }),
  }
  const select = [...new Set([...pipeline.inputs, ...others])]
  return readTable(path, { columns, select, encoding })
}

/**
 * Reads rows with a model's target; those without a value of it are left out, with a note.
 *
 * @param modelPath - the model's file, for messages
 * @throws Failure if the model does not say what it predicts
 */
export async function readScoredRows(
  model: Model,
  modelPath: string,
  path: string,
  terminal: Terminal,
  { others = [], encoding }: RowsWanted,
): Promise<Table> {
  const { target } = model.pipeline
  if (target.length === 0)
    throw new Failure(`${modelPath}: the model does not say which column it predicts`)
  let table = numberRows(
    await readRowsFor(model, path, { others: [...target, ...others], encoding }),
  )
  for (const name of target) table = withTarget(table, name, path, terminal)
  return table
}
