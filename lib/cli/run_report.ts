import { join } from 'node:path'
import type { Column } from '../data/column.js'
import type { Table } from '../data/table.js'
import type { Diagnosis } from '../experiments/diagnosis.js'
import type { Model } from '../model.js'
import type { ReportSection, ReportTable } from '../plot/index.js'
import { diagnosis as plotDiagnosis, history as plotHistory } from '../plot/index.js'
import { shortNumber } from '../plot/labels.js'
import type { LeftOut } from './feature_choice.js'
import type { Preparation } from './model_file.js'
import { scoreTable } from './model_scores.js'
import { writeResult } from './output_file.js'
import { fileColumns } from './parts.js'
import type { JudgedRows } from './prediction_report.js'
import { predictionSections } from './prediction_report.js'
import { saveReport } from './report.js'
import type { Terminal } from './terminal.js'
import type { TrainingResult, TrainingSummary } from './training_result.js'
import { howDealt } from './training_result.js'

/** What a report is made of. */
export interface RunReport {
  readonly summary: TrainingSummary
  readonly history: TrainingResult['history']
  readonly diagnosis: Diagnosis
  readonly model: Model
  /** The training rows, for what their columns hold. */
  readonly train: Table
  readonly judged: JudgedRows
}

/**
 * Writes the report of a training: a page, its pictures, and the same as JSON.
 *
 * @throws Failure if it cannot be written
 */
export async function writeRunReport(
  run: RunReport,
  folder: string,
  terminal: Terminal,
): Promise<void> {
  const { summary, history, model, judged } = run
  const report = {
    title: `${summary.target} of ${summary.data}`,
    sections: [
      summarySection(run),
      columnSection(run),
      ...(await historySections(history)),
      ...(await predictionSections(model, judged)),
      await diagnosisSection(run.diagnosis),
      { title: 'The network', parts: [{ lines: model.network.summary() }] },
    ],
  }
  const files = { 'summary.json': summary, 'history.json': history }
  await saveReport(report, folder, terminal)
  for (const [name, value] of Object.entries(files))
    await writeResult(join(folder, name), `${JSON.stringify(value, null, 2)}\n`)
}

function summarySection({ summary }: RunReport): ReportSection {
  const { data, target, task, targetValues, split, network, training, scores, output } = summary
  const { finishedEpochs, bestEpoch, seconds, batchSize, learningRate, l2 } = training
  const dealt = [
    `${split.shares.join(' : ')} to ${Object.keys(scores).join(', ')}`,
    ...howDealt(split),
  ]
  return {
    parts: [
      `A ${task} of ${target} (${targetValues}) from the other columns of ${data}. Its rows were ` +
        `dealt ${dealt.join(', ')}. The network, of ${network.parameters} parameters, was trained ` +
        `with adam (rate ${shortNumber(learningRate)}, L2 penalty ${shortNumber(l2)}, ${batchSize} rows per step) for ` +
        `${finishedEpochs} epochs in ${seconds.toFixed(2)} s; it has the weights of epoch ` +
        `${bestEpoch ?? 0}, the one with the least loss on dev.`,
      scoreTable(scores),
      `${summary.conclusion} The model is in ${output}.`,
    ],
  }
}

function columnSection({ summary, train, model }: RunReport): ReportSection {
  const { used, leftOut, features } = summary.columns
  return {
    title: 'Columns',
    parts: [
      `${features} features are made of ${model.pipeline.inputs.length} columns. What is to be ` +
        'known of them was learned from the training rows only.',
      columnTable(train, summary.target, used, leftOut),
    ],
  }
}

function columnTable(
  train: Table,
  target: string,
  used: readonly Preparation[],
  leftOut: readonly LeftOut[],
): ReportTable {
  const fate = new Map<string, string>([
    [target, 'the target'],
    ...used.flatMap(({ columns, steps }) =>
      columns.map((name) => [name, steps.join(', ') || 'taken as it is'] as const),
    ),
    ...leftOut.map(({ column, reason }) => [column, `left out: ${reason}`] as const),
  ])
  return {
    columns: ['column', 'holds in training', 'missing', 'what is done with it'],
    rows: fileColumns(train).map((name) => {
      const column = train.column(name)
      return [name, whatHolds(column), countMissing(column), fate.get(name) ?? '']
    }),
  }
}

function whatHolds(column: Column): string {
  if (column.type !== 'category') return `${column.type}s`
  return `${new Set(column.codes.filter((code) => code >= 0)).size} texts`
}

function countMissing(column: Column): number {
  return column.type === 'category'
    ? column.codes.filter((code) => code < 0).length
    : column.values.filter((value: number) => Number.isNaN(value)).length
}

async function historySections(history: TrainingResult['history']): Promise<ReportSection[]> {
  if (history.length === 0) return []
  // `dev`, as everywhere here.
  const epochs = history.map((epoch) => ({ ...epoch, validation: { dev: epoch.validation } }))
  return [{ title: 'Training', parts: [{ svg: await plotHistory(epochs), name: 'history' }] }]
}

async function diagnosisSection(diagnosis: Diagnosis): Promise<ReportSection> {
  const { advice, notes } = diagnosis
  return {
    title: 'What the error is made of',
    parts: [
      { svg: await plotDiagnosis(diagnosis), name: 'diagnosis' },
      ...notes,
      ...(advice.length === 0 ? [] : [`What people then try: ${advice.join('; ')}.`]),
    ],
  }
}
