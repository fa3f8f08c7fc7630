import { Command } from 'commander'
import type { Encoding } from '../options/index.js'
import { encodingFlag, jsonFlag } from './flags.js'
import type { Interrupt } from './interrupt.js'
import { checkReportFolder } from './output_file.js'
import { reportFlag, saveReport } from './report.js'
import type { Terminal } from './terminal.js'

interface EvaluateFlags {
  readonly encoding: Encoding
  readonly json?: boolean
  readonly report?: string
}

/** `gemmnet evaluate` */
export function evaluate(terminal: Terminal, interrupt: Interrupt): Command {
  return new Command('evaluate')
    .summary('how good a saved model is on the rows of a file')
    .description(
      'Prints how well a model predicts the target of the rows of a file: of classes accuracy, F1 ' +
        'and log loss, of numbers the errors in their own units.',
    )
    .argument('<model>', 'file that `gemmnet train` or Model.save wrote')
    .argument('<data>', 'file of rows, with the target')
    .addOption(encodingFlag())
    .addOption(jsonFlag())
    .addOption(reportFlag())
    .action((model: string, data: string, flags: EvaluateFlags) =>
      run(model, data, flags, terminal, interrupt),
    )
}

async function run(
  modelPath: string,
  data: string,
  { encoding, json = false, report }: EvaluateFlags,
  terminal: Terminal,
  interrupt: Interrupt,
): Promise<void> {
  if (report !== undefined) await checkReportFolder(report)
  // Here, not above: help needs no addon.
  const { Model } = await import('../model.js')
  const { readScoredRows } = await import('./model_file.js')
  const { scoreFile, scoreTable, showScores } = await import('./model_scores.js')
  const model = await Model.load(modelPath)
  const table = await readScoredRows(model, modelPath, data, terminal, { encoding })
  interrupt.check()
  const scores = await scoreFile(model, table, data)
  interrupt.check()
  terminal.result(json ? JSON.stringify(scores) : showScores({ [data]: scores }))
  if (report === undefined) return
  const { predictionSections } = await import('./prediction_report.js')
  const sections = [
    { parts: [`How good ${modelPath} is on ${data}.`, scoreTable({ [data]: scores })] },
    ...(await predictionSections(model, { name: 'given', table })),
  ]
  const title = `${model.pipeline.target.join(', ')} of ${data}`
  await saveReport({ title, sections }, report, terminal)
}
