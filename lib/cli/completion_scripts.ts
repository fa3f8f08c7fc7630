/** A command as completion sees it. */
export interface CommandWords {
  readonly name: string
  readonly summary: string
  /** What its first argument can be; a file if there is no choice. */
  readonly choices: readonly string[]
  readonly flags: readonly FlagWords[]
}

/** A flag as completion sees it. */
export interface FlagWords {
  readonly name: string
  readonly summary: string
  /** What its value is called; undefined if it takes none. */
  readonly takes: string | undefined
  readonly choices: readonly string[]
}

type Script = (program: string, commands: readonly CommandWords[]) => string

/** By shell: a script that completes a program's words, and names of files where none is known. */
export const completionScripts = { bash, zsh, fish } satisfies Record<string, Script>

const words = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name).join(' ')

/** A word of a shell, whatever is in it. */
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`

function bash(program: string, commands: readonly CommandWords[]): string {
  const values = commands.flatMap(({ name, flags }) =>
    flags
      .filter(({ takes }) => takes !== undefined)
      .map(
        (flag) =>
          `    ${quoted(`${name} ${flag.name}`)}) words=${quoted(flag.choices.join(' '))}; return_words; return ;;`,
      ),
  )
  const own = commands.map(
    ({ name, choices, flags }) =>
      `    ${quoted(name)}) flags=${quoted(words(flags))}; words=${quoted(choices.join(' '))} ;;`,
  )
  return `# bash completion of ${program}
_${program}() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]}
  local command=\${COMP_WORDS[1]} flags='' words=''
  COMPREPLY=()
  return_words() { COMPREPLY=($(compgen -W "$words" -- "$current")); }
  if [ "$COMP_CWORD" -eq 1 ]; then
    words=${quoted(words(commands))}
    return_words
    return
  fi
  case "$command $previous" in
${values.join('\n')}
  esac
  case "$command" in
${own.join('\n')}
  esac
  case "$current" in
    -*) words=$flags ;;
  esac
  return_words
}
complete -o default -F _${program} ${program}`
}

function zsh(program: string, commands: readonly CommandWords[]): string {
  // In these places brackets, colons and backslashes mean something.
  const plain = (text: string) => text.replace(/[\\:[\]]/g, '\\$&')
  const value = (choices: readonly string[]) =>
    choices.length === 0 ? '_files' : `(${choices.join(' ')})`
  const cases = commands.map(({ name, choices, flags }) => {
    const specs = flags.map((flag) => {
      const takes = flag.takes === undefined ? '' : `:${plain(flag.takes)}:${value(flag.choices)}`
      return quoted(`${flag.name}[${plain(flag.summary)}]${takes}`)
    })
    return `    ${name}) _arguments ${[...specs, quoted(`*:argument:${value(choices)}`)].join(' ')} ;;`
  })
  const list = commands.map(({ name, summary }) => quoted(`${name}:${plain(summary)}`))
  return `#compdef ${program}
_${program}() {
  local -a commands
  commands=(${list.join(' ')})
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  shift words
  (( CURRENT-- ))
  case $words[1] in
${cases.join('\n')}
  esac
}
compdef _${program} ${program}`
}

function fish(program: string, commands: readonly CommandWords[]): string {
  const lines = commands.flatMap(({ name, summary, choices, flags }) => {
    const within = quoted(`__fish_seen_subcommand_from ${name}`)
    return [
      `complete -c ${program} -f -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`,
      ...(choices.length === 0
        ? []
        : [`complete -c ${program} -f -n ${within} -a ${quoted(choices.join(' '))}`]),
      ...flags.map((flag) => {
        const value = flag.choices.length === 0 ? '-r' : `-x -a ${quoted(flag.choices.join(' '))}`
        return [
          `complete -c ${program} -n ${within} -l ${flag.name.replace(/^-+/, '')}`,
          `-d ${quoted(flag.summary)}`,
          ...(flag.takes === undefined ? [] : [value]),
        ].join(' ')
      }),
    ]
  })
  return [`# fish completion of ${program}`, ...lines].join('\n')
}
