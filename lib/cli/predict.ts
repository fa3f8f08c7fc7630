import { Command } from 'commander'
import type { Encoding } from '../options/index.js'
import { Failure } from './failure.js'
import { encodingFlag, jsonFlag, namesFlag, pathFlag } from './flags.js'
import type { Interrupt } from './interrupt.js'
import { checkOutputFile, writeResult } from './output_file.js'
import type { Terminal } from './terminal.js'

interface PredictFlags {
  readonly encoding: Encoding
  readonly keep?: readonly string[]
  readonly output?: string
  readonly json?: boolean
}

/** `gemmnet predict` */
export function predict(terminal: Terminal, interrupt: Interrupt): Command {
  return new Command('predict')
    .summary("a saved model's predictions for the rows of a file")
    .description(
      'Predicts the target for each row of a file, as CSV with a line for each row: of classes the ' +
        'most probable one and its probability.',
    )
    .argument('<model>', 'file that `gemmnet train` or Model.save wrote')
    .argument('<data>', 'file of rows; it needs the columns that the model was trained on')
    .addOption(
      pathFlag('--output', 'file', '.csv or .jsonl file to write to (default: standard output)'),
    )
    .addOption(namesFlag('--keep', 'columns of the file to write beside the predictions'))
    .addOption(encodingFlag())
    .addOption(jsonFlag())
    .action((model: string, data: string, flags: PredictFlags) =>
      run(model, data, flags, terminal, interrupt),
    )
}

async function run(
  modelPath: string,
  data: string,
  { encoding, keep = [], output, json = false }: PredictFlags,
  terminal: Terminal,
  interrupt: Interrupt,
): Promise<void> {
  const isLines = output !== undefined && /\.(jsonl|ndjson)$/.test(output)
  if (output !== undefined && !isLines && !output.endsWith('.csv'))
    throw new Failure(`${output}: expected a file of .csv, .jsonl or .ndjson`, { exitCode: 2 })
  if (output !== undefined) await checkOutputFile(output, [modelPath, data])
  // Here, not above: help needs no addon.
  const { predictRows, toCsv, toJsonLines } = await import('./predictions.js')
  const predictions = await predictRows(modelPath, data, keep, encoding)
  interrupt.check()
  if (json) terminal.result(JSON.stringify(predictions))
  if (output === undefined) {
    if (!json) for (const lines of toCsv(predictions)) terminal.result(lines)
    return
  }
  const pieces = isLines ? toJsonLines(predictions) : toCsv(predictions)
  const bytes = Array.from(pieces, (lines) => Buffer.from(`${lines}\n`))
  await writeResult(output, Buffer.concat(bytes))
  terminal.note(`Saved ${output}`)
}
