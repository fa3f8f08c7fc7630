import { Command, CommanderError } from 'commander'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { GemmnetError } from '../errors.js'
import { findPackageRoot } from '../package_root.js'
import { approximate } from './approximate.js'
import { bench } from './bench.js'
import { completion } from './completion.js'
import { diagnose } from './diagnose.js'
import { digits } from './digits.js'
import { evaluate } from './evaluate.js'
import { Failure } from './failure.js'
import { info } from './info.js'
import { inspect as inspectModel } from './inspect.js'
import { Interrupt, Interruption } from './interrupt.js'
import { mnist } from './mnist.js'
import { predict } from './predict.js'
import type { Streams } from './terminal.js'
import { Terminal } from './terminal.js'
import { train } from './train.js'

export type { Stream, Streams } from './terminal.js'

const exitCodes = `
Exit codes:
  0    done
  1    failed: data are missing, a file cannot be written, the loss is not finite
  2    a wrong command or option
  130  stopped by Ctrl-C: the weights of the last finished step are saved,
       of train those of its best epoch; a second Ctrl-C ends the program at once
  141  stopped because nobody reads the results any more
  143  stopped by SIGTERM, as by Ctrl-C

Results go to standard output, progress and messages to standard error.`

const commands = [
  ...[train, predict, evaluate, diagnose, inspectModel],
  ...[digits, mnist, approximate, bench, info, completion],
]

/**
 * Runs the `gemmnet` command. It takes SIGINT and SIGTERM while it runs, and it never ends the
 * process, but for a second of these signals, which ends it as if nobody took it.
 *
 * @param argv - what follows the command's name: `['mnist', '--epochs', '1']`
 * @param streams - where results and progress go. Default: those of the process
 * @returns the exit code: 0 if all is done, 1 for a failure, 2 for a wrong command or option, 130
 * and 143 after SIGINT and SIGTERM, 141 if nobody reads the results any more
 *
 * @example
 * import { run } from 'gemmnet/cli'
 *
 * process.exitCode = await run(['digits', '--epochs', '20'])
 */
export async function run(argv: readonly string[], streams: Streams = process): Promise<number> {
  const interrupt = new Interrupt()
  const terminal = new Terminal(streams, (error) => {
    interrupt.stop(error)
  })
  let thrown: unknown
  try {
    await build(terminal, interrupt).parseAsync(argv, { from: 'user' })
  } catch (error) {
    thrown = error
  }
  await terminal.flush() // the last lines may be the ones that cannot be written
  const exitCode = report(terminal.failure ?? thrown, terminal)
  await terminal.close()
  interrupt.remove()
  return exitCode
}

function build(terminal: Terminal, interrupt: Interrupt): Command {
  const program = new Command('gemmnet')
    .description(
      'Trains neural networks natively: for the rows of a file, or those of the lecture.',
    )
    .version(readVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .addHelpText('after', exitCodes)
    .exitOverride()
    .configureOutput(terminal.commander)
  for (const make of commands) {
    const command = make(terminal, interrupt)
    program.addCommand(
      command.copyInheritedSettings(program).helpOption('-h, --help', 'print this help'),
    )
  }
  return program
}

function readVersion(): string {
  const file = join(findPackageRoot(), 'package.json')
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string }
  return version
}

/** Says what went wrong, shortly where it is no fault of the program's, and gives the exit code. */
function report(error: unknown, terminal: Terminal): number {
  if (error === undefined) return 0
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2 // it has spoken already
  if (error instanceof Interruption) {
    if (error.message !== '') terminal.note(error.message)
    return error.exitCode
  }
  if (error instanceof Failure || error instanceof GemmnetError || isSystemError(error)) {
    terminal.note(`error: ${error.message}`)
    return error instanceof Failure ? error.exitCode : 1
  }
  terminal.note(inspect(error)) // a fault of the program's: the stack is wanted
  return 1
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'code' in error
}
