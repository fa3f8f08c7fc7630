import test from 'ava'
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import * as gemmnet from '../lib/index.js'
import { findPackageRoot } from '../lib/package_root.js'
import * as given from './helpers/given.js'
import { examplesOf, programsOf, CompiledPrograms } from './helpers/programs.js'

// What the documents say is so: their programs compile and run, their commands exist, their links
// lead somewhere, and every public name has a docstring.

const root = findPackageRoot()
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const guides = readdirSync(join(root, 'docs'))
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/${name}`)
const documents = ['README.md', ...guides]
const sources = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => `lib/${name}`)

const givenModule = new URL('helpers/given.js', import.meta.url).pathname
const names = new Map([
  ...Object.keys(gemmnet).map((name) => [name, 'gemmnet'] as const),
  ...Object.keys(given).map((name) => [name, givenModule] as const),
])

const groups = new Map([
  ...documents.map((path) => [path, programsOf(path, read(path))] as const),
  ['docstrings', sources.flatMap((path) => examplesOf(path, read(path), names))] as const,
])

let compiled: CompiledPrograms
test.before(async (t) => {
  t.timeout(100_000)
  compiled = await CompiledPrograms.open(groups)
})
test.after.always(async () => {
  await compiled.close()
})

for (const [group, programs] of groups)
  if (programs.length > 0)
    test.serial(`every program of ${group} compiles and runs`, async (t) => {
      t.timeout(110_000)
      const errors = await compiled.run(group)
      t.deepEqual(errors, [])
      t.log(`${programs.length} programs`)
    })

test('there are programs to be run', (t) => {
  t.true((groups.get('README.md')?.length ?? 0) >= 3)
  t.true((groups.get('docstrings')?.length ?? 0) >= 50)
  for (const guide of guides.filter((path) => path.startsWith('docs/from-')))
    t.true((groups.get(guide)?.length ?? 0) > 0, guide)
})

/** What a document shows as code: lines of blocks that are no programs, and spans. */
function codeOf(text: string): string[] {
  const lines = text.replace(/^```\w+\n[^]*?^```$/gm, '').split('\n')
  const indented = lines.filter((line) => line.startsWith('    ')).map((line) => line.trim())
  return [...indented, ...Array.from(text.matchAll(/`([^`\n]+)`/g), ([, span]) => span ?? '')]
}

/** The commands in code, each as its words. */
function commandsOf(path: string): string[][] {
  return codeOf(read(path))
    .flatMap((code) => (code.split(/ # | {2,}#/)[0] ?? '').split('&&'))
    .map((command) => command.trim().split(/\s+/))
}

const helps = new Map<string, string>()
function helpOf(...words: readonly string[]): string {
  const key = words.join(' ')
  const known = helps.get(key)
  if (known !== undefined) return known
  const { stdout, status } = spawnSync(process.execPath, [...words, '--help'], { cwd: root })
  const help = status === 0 ? String(stdout) : ''
  helps.set(key, help)
  return help
}

/** What a command's own words would tell one to type in vain. */
function missing([program = '', ...words]: readonly string[]): string[] {
  if (program === 'npx') return missing(words)
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
  const flags = words.filter((word) => word.startsWith('--') && word !== '--')
  const [first = '', second = ''] = words
  if (program === 'gemmnet') {
    const command = /^[a-z]+$/.test(first) ? [first] : []
    const help = helpOf('dist/lib/cli/main.js', ...command)
    return !help.includes(`gemmnet ${first}`)
      ? [`gemmnet ${first}`]
      : flags.filter((flag) => !help.includes(flag))
  }
  if (program === 'sh' || program === 'node') {
    if (!existsSync(join(root, first))) return [first]
    return flags.filter((flag) => !read(first).includes(flag))
  }
  if (program !== 'npm') return []
  const script = first === 'run' ? second : /^(start|test)$/.test(first) ? first : undefined
  if (script === undefined) return [] // npm's own
  if (scripts[script] === undefined) return [`npm run ${script}`]
  if (!words.includes('--')) return []
  const [command = ''] = words.slice(words.indexOf('--') + 1)
  const help = script === 'bench' ? helpOf('dist/bench/main.js') : ''
  return [command, ...flags].filter((word) => !help.includes(word))
}

for (const path of [...documents, 'CONTRIBUTING.md'])
  test(`the commands and links of ${path} lead somewhere`, (t) => {
    for (const command of commandsOf(path)) t.deepEqual(missing(command), [], command.join(' '))
    for (const [, target = ''] of read(path).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g))
      t.true(existsSync(join(root, path, '..', target)), target)
  })

test('a command that does not exist is found out', (t) => {
  t.deepEqual(missing(['npx', 'gemmnet', 'digits', '--nonsense']), ['--nonsense'])
  t.deepEqual(missing(['gemmnet', 'nonsense']), ['gemmnet nonsense'])
  t.deepEqual(missing(['npm', 'run', 'nonsense']), ['npm run nonsense'])
  t.deepEqual(missing(['npm', 'run', 'bench', '--', '--nonsense']), ['--nonsense', '--nonsense'])
})

test('every public name and every public method has a docstring', (t) => {
  const file = join(root, 'lib', 'index.ts')
  const program = ts.createProgram([file], {
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    types: ['node'],
    typeRoots: [join(root, 'node_modules', '@types')],
    strict: true,
  })
  const checker = program.getTypeChecker()
  const index = program.getSourceFile(file)
  const exported = index && checker.getSymbolAtLocation(index)
  t.truthy(exported)
  if (exported === undefined) return
  const bare: string[] = []
  const look = (name: string, symbol: ts.Symbol): void => {
    if (symbol.getDocumentationComment(checker).length === 0) bare.push(name)
    for (const [key, member] of symbol.members ?? []) {
      const isMethod = (member.flags & (ts.SymbolFlags.Method | ts.SymbolFlags.Accessor)) !== 0
      const isPublic = /^[a-zA-Z]/.test(String(key))
      if (isMethod && isPublic) look(`${name}.${String(key)}`, member)
    }
  }
  const walk = (prefix: string, symbol: ts.Symbol): void => {
    for (const one of checker.getExportsOfModule(symbol)) {
      const target = (one.flags & ts.SymbolFlags.Alias) === 0 ? one : checker.getAliasedSymbol(one)
      if ((target.flags & ts.SymbolFlags.ValueModule) !== 0) walk(`${one.name}.`, target)
      else look(prefix + one.name, target)
    }
  }
  walk('', exported)
  t.deepEqual(bare, [])
})
