import { Command, Option } from 'commander'
import type { Encoding } from '../options/index.js'
import { checks, earlyStoppingOptions, optimizers, trainerOptions } from '../options/index.js'
import { applyConfig, configFlag } from './config_file.js'
import { dealingFlags } from './dealing_flags.js'
import { Failure } from './failure.js'
import { encodingFlag, jsonFlag, namesFlag, numberFlag, numbersFlag, pathFlag } from './flags.js'
import type { Interrupt } from './interrupt.js'
import type { Dealing } from './parts.js'
import type { Recipe } from './recipe.js'
import { reportFlag } from './report.js'
import type { Task } from './task.js'
import { tasks } from './task.js'
import type { Terminal } from './terminal.js'

/** What `gemmnet train` is told. */
export interface TrainFlags extends Dealing, Partial<Omit<Recipe, 'averageMomentum'>> {
  readonly target: string
  readonly task?: Task
  readonly ignore: readonly string[]
  readonly categories: readonly string[]
  readonly encoding: Encoding
  readonly threads?: number
  readonly output: string
  readonly report?: string
  readonly json?: boolean
}

const details = `
The file is .csv, .tsv, .jsonl, .ndjson or .npy (whose columns are x0, x1, ...), with or without .gz.

Numbers have their missing values filled in with the median and are standardised; few categories are
one-hot encoded, many are embedded; of dates the parts are taken. Columns that say nothing are left
out. The network has two hidden layers of relu, and trains with adam until the loss on dev has not
become better for a while; it then has the weights of its best epoch, also after Ctrl-C.

Examples:
  $ gemmnet train houses.csv --target price
  $ gemmnet train visits.csv.gz --target returned --groups patient --report report
  $ gemmnet train --config train.json --seed 1`

/** `gemmnet train` */
export function train(terminal: Terminal, interrupt: Interrupt): Command {
  const { epochs, batchSize, l2, threads } = trainerOptions
  const command = new Command('train')
    .summary('a network for the rows of a file')
    .description(
      'Trains a network to predict one column of a file from the others: finds out whether it is ' +
        'one of classes or of numbers, deals the rows to train, dev and test, prepares them, trains, ' +
        'prints how good the network is, and saves it with its preparation as one model.',
    )
    .argument('[data]', 'the file')
    .addHelpText('after', details)
    .addOption(new Option('--target <column>', 'the column to predict (required)'))
    .addOption(
      new Option('--task <name>', 'what it is predicted as (default: by its values)').choices(
        tasks,
      ),
    )
    .addOption(
      namesFlag('--ignore', 'columns to leave out, separated by commas').default([], 'none'),
    )
    .addOption(
      namesFlag(
        '--categories',
        'columns of numbers that are categories, separated by commas',
      ).default([], 'none'),
    )
  for (const flag of dealingFlags()) command.addOption(flag)
  return command
    .addOption(
      numbersFlag(
        '--hidden',
        checks.positiveInteger,
        'units of the hidden layers, separated by commas (default: by the rows)',
      ),
    )
    .addOption(
      numberFlag('--epochs', epochs.check, 'most passes over the training set (default: 500)'),
    )
    .addOption(
      numberFlag(
        '--patience',
        earlyStoppingOptions.patience.check,
        'epochs without a better loss on dev after which it stops (default: by the rows)',
      ),
    )
    .addOption(numberFlag('--batch-size', batchSize.check, 'rows per step (default: by the rows)'))
    .addOption(
      numberFlag(
        '--learning-rate',
        optimizers.adam.learningRate.check,
        'step size (default: 0.002)',
      ),
    )
    .addOption(
      numberFlag('--l2', l2.check, 'strength of the L2 penalty of every kernel (default: 3e-4)'),
    )
    .addOption(
      numberFlag(
        '--threads',
        threads.check,
        'threads of a step; results do not depend on it (default: by the work in a step)',
      ),
    )
    .addOption(
      pathFlag('--output', 'file', 'safetensors file to save the model to').default(
        'model.safetensors',
      ),
    )
    .addOption(encodingFlag())
    .addOption(reportFlag())
    .addOption(configFlag())
    .addOption(jsonFlag())
    .action(async (given: string | undefined) => {
      const config = await applyConfig(command)
      const data = given ?? config.data
      const flags = command.opts<Partial<TrainFlags>>()
      if (data === undefined) throw new Failure('Say which file to train on', { exitCode: 2 })
      if (flags.target === undefined)
        throw new Failure('Say which column to predict: --target <column>', { exitCode: 2 })
      // Here, not above: help needs no addon.
      const { trainOn } = await import('./training_run.js')
      await trainOn(data, flags as TrainFlags, terminal, interrupt) // the others have defaults
    })
}
