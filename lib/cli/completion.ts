import { Argument, Command } from 'commander'
import type { CommandWords } from './completion_scripts.js'
import { completionScripts } from './completion_scripts.js'
import type { Terminal } from './terminal.js'

const shells = Object.keys(completionScripts) as (keyof typeof completionScripts)[]

const details = `
Examples:
  $ gemmnet completion bash > ~/.local/share/bash-completion/completions/gemmnet
  $ gemmnet completion zsh > "\${fpath[1]}/_gemmnet"
  $ gemmnet completion fish > ~/.config/fish/completions/gemmnet.fish`

/** `gemmnet completion` */
export function completion(terminal: Terminal): Command {
  const command = new Command('completion')
    .summary('a script that completes commands and flags in a shell')
    .description('Prints a script that completes the commands, flags and values in a shell.')
    .addArgument(new Argument('<shell>', 'the shell').choices(shells))
    .addHelpText('after', details)
  return command.action((shell: (typeof shells)[number]) => {
    const program = command.parent ?? command
    terminal.result(completionScripts[shell](program.name(), describe(program)))
  })
}

/** The commands of a program with their flags, as commander knows them. */
function describe(program: Command): CommandWords[] {
  const help = program.createHelp()
  return help.visibleCommands(program).map((command) => ({
    name: command.name(),
    summary: command.summary() || command.description(),
    choices: command.registeredArguments[0]?.argChoices ?? [],
    flags: help.visibleOptions(command).map((option) => ({
      name: option.long ?? option.flags,
      summary: option.description,
      takes: option.required || option.optional ? valueName(option.flags) : undefined,
      choices: option.argChoices ?? [],
    })),
  }))
}

/** `file` of `--output <file>`. */
function valueName(flags: string): string {
  return /[<[]([^>\]]+)[>\]]/.exec(flags)?.[1] ?? 'value'
}
