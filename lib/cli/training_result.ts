import { show } from '../errors.js'
import type { Diagnosis } from '../experiments/diagnosis.js'
import type { Model } from '../model.js'
import type { MetricName } from '../options/index.js'
import type { EpochReport } from '../report.js'
import type { Dataset } from '../dataset.js'
import type { LeftOut } from './feature_choice.js'
import type { Preparation } from './model_file.js'
import { preparationsOf } from './model_file.js'
import type { ModelScores } from './model_scores.js'
import { diagnosisToJson, showScores } from './model_scores.js'
import type { Recipe } from './recipe.js'
import type { Task } from './task.js'
import type { TrainFlags } from './train.js'

/** What a training came to. */
export interface TrainingResult {
  /** The file. */
  readonly data: string
  readonly flags: TrainFlags
  readonly task: Task
  /** What the target has: `3 texts`. */
  readonly values: string
  readonly leftOut: readonly LeftOut[]
  readonly model: Model
  readonly recipe: Recipe
  readonly history: readonly EpochReport<MetricName, Dataset>[]
  readonly scores: Readonly<Record<string, ModelScores>>
  readonly diagnosis: Diagnosis
}

/** What a training came to, as plain values: what `--json` prints. */
export type TrainingSummary = ReturnType<typeof summaryOf>

/** What a training came to, as plain values. */
export function summaryOf(result: TrainingResult) {
  const { data, flags, task, values, leftOut, model, recipe, history, scores, diagnosis } = result
  const { network, pipeline, classes } = model
  const best = history.reduce<(typeof history)[number] | undefined>(
    (least, report) =>
      least === undefined || report.validation.dataLoss < least.validation.dataLoss
        ? report
        : least,
    undefined,
  )
  const { split, groups, time, seed, output, report } = flags
  return {
    data,
    target: flags.target,
    task,
    targetValues: values,
    classes,
    split: { shares: split, groups, time, seed },
    columns: { used: preparationsOf(pipeline), leftOut, features: pipeline.outputs.length },
    network: {
      layers: network.layers.map(({ type, inputs, units, activation }) => ({
        type,
        inputs,
        units,
        activation,
      })),
      parameters: network.parameterCount,
    },
    training: {
      ...recipe,
      optimizer: 'adam',
      finishedEpochs: history.length,
      bestEpoch: best?.epoch,
      seconds: history.reduce((sum, { seconds }) => sum + seconds, 0),
    },
    scores,
    diagnosis: diagnosisToJson(diagnosis),
    conclusion: diagnosis.conclusion,
    output,
    report,
  }
}

/** The same for people. */
export function toText(summary: TrainingSummary): string {
  const { target, task, targetValues, split, columns, network, training, scores } = summary
  const rows = Object.entries(scores).map(([name, score]) => `${score.rows} ${name}`)
  const [first] = network.layers
  const widths = [first?.inputs, ...network.layers.map(({ units }) => units)]
  const leftOut = columns.leftOut.map(({ column, reason }) => `  left out: ${column}, ${reason}`)
  return [
    `Task: ${task} of ${target} (${targetValues})`,
    `Rows: ${rows.join(', ')} (${howDealt(split).join(', ')})`,
    ...columnLines(columns.used, columns.features),
    ...leftOut,
    `Network: ${widths.join('-')}, ${network.parameters} parameters`,
    `Training: ${training.finishedEpochs} epochs in ${training.seconds.toFixed(2)} s, ` +
      `the best was ${training.bestEpoch ?? 'none'}`,
    '',
    showScores(scores),
    '',
    `Diagnosis: ${summary.conclusion}`,
  ].join('\n')
}

/** By what rows were dealt. */
export function howDealt({ time, groups, seed }: TrainingSummary['split']): string[] {
  return [
    time !== undefined && `by ${time}`,
    groups !== undefined && `by groups of ${groups}`,
    `seed ${seed}`,
  ].filter((part) => part !== false)
}

/** How many features are made of which columns, and what is done with them. */
export function columnLines(used: readonly Preparation[], features: number): string[] {
  const count = used.reduce((sum, { columns }) => sum + columns.length, 0)
  return [
    `Columns: ${count}, of which ${features} features are made`,
    ...used.map(
      ({ columns, steps }) => `  ${steps.join(', ') || 'as they are'}: ${listed(columns)}`,
    ),
  ]
}

const mostListed = 8

/** Whether a name can stand in a list of one line as it is. */
const isPlain = (name: string) => /^[^\p{C}\s,](?:[^\p{C}\p{Zl}\p{Zp},]*[^\p{C}\s,])?$/u.test(name)

/** Names in one line, of many only the first. */
export function listed(names: readonly string[]): string {
  const more = names.length - mostListed
  const shown = names.slice(0, mostListed).map((name) => (isPlain(name) ? name : show(name)))
  return shown.join(', ') + (more > 0 ? ` and ${more} more` : '')
}
