import { adam } from '../optimizers.js'
import { earlyStopping } from '../callbacks.js'
import type { Table } from '../data/table.js'
import type { Dataset } from '../dataset.js'
import { unknownName } from '../errors.js'
import { dense, embedding } from '../layers.js'
import { Model } from '../model.js'
import { Network } from '../network.js'
import type { MetricName } from '../options/index.js'
import { LabelEncoder } from '../preparation/label_encoder.js'
import { percent } from '../plot/labels.js'
import { Pipeline } from '../preparation/pipeline.js'
import { StandardScaler } from '../preparation/standard_scaler.js'
import type { EpochReport } from '../report.js'
import { Trainer } from '../trainer.js'
import { readTable } from './data_file.js'
import { checkData, checkUsage, Failure } from './failure.js'
import { chooseFeatures } from './feature_choice.js'
import type { Interrupt } from './interrupt.js'
import type { ModelScores } from './model_scores.js'
import { diagnoseModel, scoreModel } from './model_scores.js'
import { checkOutputFile, checkReportFolder } from './output_file.js'
import type { Parts } from './parts.js'
import { dealParts, numberRows, withTarget } from './parts.js'
import { Pace, rowsPerSecond } from './progress.js'
import type { Recipe } from './recipe.js'
import { recipeFor } from './recipe.js'
import type { Task } from './task.js'
import { taskOf } from './task.js'
import type { Terminal } from './terminal.js'
import type { TrainFlags } from './train.js'
import { summaryOf, toText } from './training_result.js'
import { trainAndSave } from './training.js'

/** The score that is shown while a network trains. */
const metrics = { classification: 'accuracy', regression: 'r2' } as const
const linesEvery = 10 // epochs, where progress is plain lines

/**
 * `gemmnet train`: from the file to the saved model.
 *
 * @param data - the file
 */
export async function trainOn(
  data: string,
  flags: TrainFlags,
  terminal: Terminal,
  interrupt: Interrupt,
): Promise<void> {
  const { target, output, report, json = false } = flags
  await checkOutputFile(output, [data])
  if (report !== undefined) await checkReportFolder(report)
  terminal.progress(`Reading ${data}`)
  const table = withTarget(await readColumns(data, flags), target, data, terminal)
  interrupt.check()
  const { task, values } = taskOf(target, table.column(target), flags.task)
  const parts = await dealParts(table, target, task, flags, data, terminal)
  interrupt.check()
  const { features, leftOut } = chooseFeatures(parts.train, flags)
  if (features.length === 0)
    throw new Failure(
      [
        `${data} has no columns to predict '${target}' from`,
        ...leftOut.map(({ column, reason }) => `${column} ${reason}`),
      ].join('; '),
    )
  const { pipeline, sets } = await checkData(data, () => prepare(parts, features, target, task))
  const recipe = { ...recipeFor(parts.train.rows), ...given(flags) }
  const network = checkUsage(() => makeNetwork(pipeline, recipe, flags.seed))
  const model = new Model(pipeline, network)
  const settings = { ...flags, ...recipe }
  const { history, stop } = await fit(model, sets, task, settings, terminal, interrupt)
  if (stop !== undefined && report === undefined) throw stop

  const scores: Record<string, ModelScores> = {}
  for (const [name, part] of Object.entries<Table>({ ...parts }))
    scores[name] = await scoreModel(model, part)
  const diagnosis = await diagnoseModel(model, { ...parts })
  const result = { data, flags, task, values, leftOut, model, recipe, history, scores, diagnosis }
  terminal.clear()
  const summary = summaryOf(result)
  if (stop === undefined) {
    terminal.result(json ? JSON.stringify(summary, null, 2) : toText(summary))
    terminal.note(`Saved ${output}`)
  }
  if (report === undefined) return
  const { writeRunReport } = await import('./run_report.js')
  const { train, dev, test } = parts
  const judged = test === undefined ? { name: 'dev', table: dev } : { name: 'test', table: test }
  const run = { summary, history, diagnosis, model, train, judged }
  await writeRunReport(run, report, terminal)
  if (stop !== undefined) throw stop
}

async function readColumns(data: string, flags: TrainFlags): Promise<Table> {
  const { target, categories, ignore, groups, time, encoding } = flags
  const table = await readTable(data, {
    columns: Object.fromEntries(categories.map((name) => [name, 'category'])),
    encoding,
  })
  for (const name of [target, ...ignore, ...categories, groups ?? target, time ?? target])
    checkUsage(() => {
      if (!table.has(name)) throw unknownName('column', name, table.names)
    })
  for (const use of [groups, time])
    if (use === target || ignore.includes(target))
      throw new Failure(`Column '${target}' is the target and has no other use`, { exitCode: 2 })
  return numberRows(table)
}

/** The recipe's settings that the user has given. */
function given(flags: TrainFlags): Partial<Recipe> {
  const { hidden, epochs, patience, batchSize, learningRate, l2 } = flags
  const all = { hidden, epochs, patience, batchSize, learningRate, l2 }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}

interface Sets {
  readonly train: Dataset
  readonly dev: Dataset
}

function prepare(
  { train, dev }: Parts,
  features: readonly string[],
  target: string,
  task: Task,
): { readonly pipeline: Pipeline; readonly sets: Sets } {
  const used = train.select([...features, target])
  const pipeline = Pipeline.infer(used, {
    target,
    targetTransformer: task === 'classification' ? new LabelEncoder() : new StandardScaler(),
  })
  return { pipeline, sets: { train: pipeline.fitTransform(used), dev: pipeline.transform(dev) } }
}

function makeNetwork(pipeline: Pipeline, { hidden }: Recipe, seed: number): Network {
  const embedded = pipeline.embeddings()
  const { classes } = pipeline
  return new Network({
    inputs: pipeline.outputs.length,
    layers: [
      ...(embedded.length > 0 ? [embedding({ columns: embedded })] : []),
      ...hidden.map((units) => dense(units, 'relu')),
      classes === undefined ? dense(1) : dense(classes.length, 'softmax'),
    ],
    seed,
  })
}

type FitSettings = Recipe & Pick<TrainFlags, 'seed' | 'threads' | 'output'>
type Report = EpochReport<MetricName, Dataset>

/**
 * Trains the network and saves the model, with the weights of its best epoch.
 *
 * @returns with `stop`, what to throw in the end, if the training was stopped
 */
async function fit(
  model: Model,
  { train, dev }: Sets,
  task: Task,
  settings: FitSettings,
  terminal: Terminal,
  interrupt: Interrupt,
): Promise<{ readonly history: readonly Report[]; readonly stop: Error | undefined }> {
  const { epochs, patience, learningRate, batchSize, l2, averageMomentum } = settings
  const metric = metrics[task]
  const trainer = checkUsage(
    () =>
      new Trainer<MetricName>(model.network, {
        loss: task === 'classification' ? 'categoricalCrossentropy' : 'meanSquaredError',
        optimizer: adam({ learningRate }),
        metrics: [metric],
        epochs,
        batchSize,
        l2,
        averageMomentum,
        seed: settings.seed,
        threads: settings.threads,
      }),
  )
  const stopping = earlyStopping({ monitor: 'validation.dataLoss', patience, restoreBest: true })
  const history: Report[] = []
  const pace = new Pace(epochs)
  const run = async (signal: AbortSignal) => {
    const fitting = trainer.fit(train, { validation: dev, signal, callbacks: [stopping] })
    for await (const report of fitting) {
      history.push(report)
      const { epoch } = report
      terminal.progress(
        describe(report, metric, epochs, pace),
        epoch === 1 || epoch % linesEvery === 0 || epoch === epochs,
      )
    }
  }
  const describeEnd = () => `${history.length} of at most ${epochs} epochs`
  const kept = 'the weights of the best one'
  const stop = await trainAndSave(model, settings.output, interrupt, run, describeEnd, kept)
  return { history, stop }
}

/** What is shown of an epoch. */
function describe(report: Report, metric: (typeof metrics)[Task], epochs: number, pace: Pace) {
  const { epoch, dataLoss, validation } = report
  const score = validation[metric]
  return {
    title: `Epoch ${epoch}/${epochs}`,
    done: epoch,
    total: epochs,
    parts: [
      `dev loss ${validation.dataLoss.toFixed(4)}`,
      metric === 'accuracy' ? `accuracy ${percent(score, 1)}` : `R2 ${score.toFixed(4)}`,
      `< ${pace.left(epoch)}`, // it may stop before
      rowsPerSecond(report.rowsPerSecond),
      `loss ${dataLoss.toFixed(4)}`,
    ],
  }
}
