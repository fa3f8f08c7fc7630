import { Command } from 'commander'
import type { Encoding } from '../options/index.js'
import { checks } from '../options/index.js'
import { dealingFlags } from './dealing_flags.js'
import { Failure } from './failure.js'
import { encodingFlag, jsonFlag, numberFlag, pathFlag } from './flags.js'
import type { Interrupt } from './interrupt.js'
import { checkOutputFile, writeResult } from './output_file.js'
import type { Dealing } from './parts.js'
import type { Terminal } from './terminal.js'

/** The sets that can be files of their own. */
interface Files {
  readonly train?: string
  readonly trainDev?: string
  readonly dev?: string
  readonly test?: string
}

interface DiagnoseFlags extends Dealing, Files {
  readonly optimalError: number
  readonly encoding: Encoding
  readonly output?: string
  readonly json?: boolean
}

const details = `
Either the file that the model was trained on, which is dealt as \`gemmnet train\` dealt it where
--split, --groups, --time and --seed are what they were; or a file for each set.

Examples:
  $ gemmnet diagnose model.safetensors data.csv
  $ gemmnet diagnose model.safetensors --train studio.csv --train-dev more.csv --dev street.csv`

/** `gemmnet diagnose` */
export function diagnose(terminal: Terminal, interrupt: Interrupt): Command {
  const command = new Command('diagnose')
    .summary("what a saved model's error is made of")
    .description(
      "Takes a model's error apart: bias, variance, data mismatch and overfitting to the dev set, " +
        'and says what people try then. The error of classes is the share that is predicted wrongly, ' +
        "that of numbers the mean absolute one, in the target's own units.",
    )
    .argument('<model>', 'file that `gemmnet train` or Model.save wrote')
    .argument('[data]', 'the file that it was trained on')
    .addHelpText('after', details)
    .addOption(pathFlag('--train', 'file', 'rows that it was trained on'))
    .addOption(pathFlag('--train-dev', 'file', 'rows like those, which it was not trained on'))
    .addOption(pathFlag('--dev', 'file', 'rows of the kind that it is for'))
    .addOption(pathFlag('--test', 'file', 'rows like those, by which nothing was chosen'))
  for (const flag of dealingFlags()) command.addOption(flag)
  return command
    .addOption(
      numberFlag(
        '--optimal-error',
        checks.nonNegative,
        'the least error that there can be, such as what experts reach',
      ).default(0),
    )
    .addOption(pathFlag('--output', 'file', 'SVG file for a picture (default: none)'))
    .addOption(encodingFlag())
    .addOption(jsonFlag())
    .action((model: string, data: string | undefined, flags: DiagnoseFlags) =>
      run(model, data, flags, terminal, interrupt),
    )
}

async function run(
  modelPath: string,
  data: string | undefined,
  flags: DiagnoseFlags,
  terminal: Terminal,
  interrupt: Interrupt,
): Promise<void> {
  const { train, trainDev, dev, test, output, json = false } = flags
  const files = Object.entries({ train, trainDev, dev, test })
  const isApart = files.some(([, path]) => path !== undefined)
  if (isApart ? data !== undefined || train === undefined : data === undefined)
    throw new Failure('Give the file that the model was trained on, or --train and other sets', {
      exitCode: 2,
    })
  if (output !== undefined)
    await checkOutputFile(output, [modelPath, data, train, trainDev, dev, test])
  // Here, not above: help needs no addon.
  const { diagnoseFile, diagnoseFiles } = await import('./model_diagnosis.js')
  const { diagnosisToJson } = await import('./model_scores.js')
  const diagnosis =
    data === undefined
      ? await diagnoseFiles(modelPath, { train, trainDev, dev, test }, flags, terminal)
      : await diagnoseFile(modelPath, data, flags, terminal)
  interrupt.check()
  terminal.result(json ? JSON.stringify(diagnosisToJson(diagnosis)) : String(diagnosis))
  if (output === undefined) return
  await writeResult(output, await diagnosis.plot())
  terminal.note(`Saved ${output}`)
}
