import { Command, Option } from 'commander'
import type { Interrupt } from './interrupt.js'
import type { Terminal } from './terminal.js'

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
    .addOption(new Option('--json', 'print the scores as one JSON object'))
    .action((model: string, data: string, { json = false }: { json?: boolean }) =>
      run(model, data, json, terminal, interrupt),
    )
}

async function run(
  modelPath: string,
  data: string,
  json: boolean,
  terminal: Terminal,
  interrupt: Interrupt,
): Promise<void> {
  // Here, not above: help needs no addon.
  const { Model } = await import('../model.js')
  const { readScoredRows } = await import('./model_file.js')
  const { scoreFile, showScores } = await import('./model_scores.js')
  const model = await Model.load(modelPath)
  const table = await readScoredRows(model, modelPath, data, terminal)
  const scores = await scoreFile(model, table, data)
  interrupt.check()
  terminal.result(json ? JSON.stringify(scores) : showScores({ [data]: scores }))
}
