import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import ts from 'typescript'
import { findPackageRoot } from '../../lib/package_root.js'
import { exampleFiles } from './example_files.js'

// The programs in documents: finds, compiles and runs them. The lines of a program keep the numbers
// that they have in the document, so that errors name the place.

const root = findPackageRoot()
const runner = fileURLToPath(new URL('run_programs.js', import.meta.url))

/** A program: the document's lines that are its own, empty ones in between. */
export interface Program {
  readonly document: string
  readonly source: string
}

function toPrograms(document: string, all: readonly (readonly string[])[]): Program[] {
  const sources = all.map((lines) => Array.from(lines, (line?: string) => line ?? '').join('\n'))
  return sources.map((source) => ({ document, source }))
}

const isCode = (language: string) => language === 'ts' || language === 'js'

/**
 * The programs in Markdown: blocks of TypeScript or JavaScript go on from those before them; the
 * comment `<!-- alone -->` begins a new program, `<!-- not run: why -->` leaves the next block out.
 */
export function programsOf(document: string, text: string): Program[] {
  const programs: string[][] = []
  let program: string[] | undefined
  let language: string | undefined // of the block that the line stands in
  let isLeftOut = false
  text.split('\n').forEach((line, i) => {
    if (language !== undefined) {
      if (line === '```') language = undefined
      else if (isCode(language) && program !== undefined) program[i] = line
      return
    }
    if (line === '<!-- alone -->') program = undefined
    if (/^<!-- not run: .+ -->$/.test(line)) isLeftOut = true
    language = /^```(\w*)$/.exec(line)?.[1]
    if (language === undefined) return
    if (isLeftOut) language = 'left out'
    else if (isCode(language) && program === undefined) programs.push((program = []))
    isLeftOut = false
  })
  return toPrograms(document, programs)
}

/**
 * The examples in docstrings, each a program. They may name what gemmnet exports, and what `given`
 * has, without importing it: `names` says which module has which.
 */
export function examplesOf(
  document: string,
  text: string,
  names: ReadonlyMap<string, string>,
): Program[] {
  const examples: string[][] = []
  let example: string[] | undefined
  text.split('\n').forEach((line, i) => {
    if (/^ *\* @example$/.test(line)) examples.push((example = ['']))
    else if (/^ *(\* @|\*\/)/.test(line)) example = undefined
    else if (example !== undefined) example[i] = line.replace(/^ *\* ?/, '')
  })
  return toPrograms(document, examples).map((program) => ({
    ...program,
    source: imports(program.source, names) + program.source,
  }))
}

/** Imports what a source names and does not declare. */
function imports(source: string, names: ReadonlyMap<string, string>): string {
  const used = new Set<string>()
  const declared = new Set<string>()
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) {
      const { parent } = node
      const declares =
        (ts.isVariableDeclaration(parent) ||
          ts.isBindingElement(parent) ||
          ts.isImportSpecifier(parent) ||
          ts.isClassDeclaration(parent) ||
          ts.isFunctionDeclaration(parent)) &&
        parent.name === node
      ;(declares ? declared : used).add(node.text)
    }
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile('example.ts', source, ts.ScriptTarget.ES2022, true))
  return [...used]
    .filter((name) => !declared.has(name) && names.has(name))
    .map((name) => `import { ${name} } from '${names.get(name) ?? ''}'; `)
    .join('')
}

/** Programs that run in one folder and one process, by the group's name. */
type Groups = ReadonlyMap<string, readonly Program[]>

/** A program as a module: where it is compiled to. */
interface Module extends Program {
  readonly group: string
  readonly path: string
  readonly address: string
}

interface Problem {
  readonly path: string
  readonly message: string
}

/** Programs in folders with gemmnet installed, as a user has it. */
export class CompiledPrograms {
  readonly #folder: string
  readonly #modules: readonly Module[]
  readonly #problems: readonly Problem[]

  private constructor(folder: string, modules: readonly Module[]) {
    this.#folder = folder
    this.#modules = modules
    this.#problems = compile(modules)
  }

  /** Writes and compiles programs. */
  static async open(groups: Groups): Promise<CompiledPrograms> {
    const folder = await mkdtemp(join(tmpdir(), 'gemmnet-docs-'))
    await install(join(folder, 'node_modules'))
    const modules: Module[] = []
    for (const [group, programs] of groups) {
      await mkdir(join(folder, group), { recursive: true })
      for (const [name, content] of Object.entries(exampleFiles))
        await writeFile(join(folder, group, name), content)
      for (const [i, program] of programs.entries()) {
        const path = join(folder, group, `program${i}.mjs`)
        await writeFile(sourceOf(path), program.source)
        modules.push({ ...program, group, path, address: pathToFileURL(path).href })
      }
    }
    return new CompiledPrograms(folder, modules)
  }

  async close(): Promise<void> {
    await rm(this.#folder, { recursive: true })
  }

  /** What the types refuse in a group's programs, or what running them threw. */
  async run(group: string): Promise<string[]> {
    const modules = this.#modules.filter((module) => module.group === group)
    const refused = modules.flatMap(({ document, path }) =>
      this.#problems
        .filter((problem) => problem.path === sourceOf(path))
        .map(({ message }) => `${document}:${message}`),
    )
    return refused.length > 0 ? refused : this.#execute(group, modules)
  }

  async #execute(group: string, modules: readonly Module[]): Promise<string[]> {
    const errors: string[] = []
    const left = new Map(modules.map(({ address, document }) => [address, document]))
    const child = fork(runner, [...left.keys()], {
      cwd: join(this.#folder, group),
      execArgv: ['--enable-source-maps'],
      stdio: 'ignore',
      signal: AbortSignal.timeout(100_000),
    })
    child.on('message', ({ address, error }: { address: string; error?: string }) => {
      if (error !== undefined) errors.push(`${left.get(address) ?? ''}: ${error}`)
      left.delete(address)
    })
    const [code] = (await once(child, 'exit')) as [number | null]
    for (const [address, document] of left) errors.push(`${document}: ${address} has not ended`)
    if (code !== 0) errors.push(`${group}: exit code ${String(code)}`)
    return errors
  }
}

const sourceOf = (path: string) => path.replace(/\.mjs$/, '.mts')

/** Makes a folder of packages with gemmnet and what it can be used with. */
async function install(modules: string): Promise<void> {
  const { peerDependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    peerDependencies: Record<string, string>
  }
  await mkdir(modules)
  await symlink(root, join(modules, 'gemmnet'))
  for (const name of Object.keys(peerDependencies)) {
    await mkdir(dirname(join(modules, name)), { recursive: true })
    await symlink(join(root, 'node_modules', name), join(modules, name))
  }
}

/** Compiles modules as a user would who is strict. */
function compile(modules: readonly Module[]): Problem[] {
  const program = ts.createProgram(
    modules.map(({ path }) => sourceOf(path)),
    {
      strict: true,
      target: ts.ScriptTarget.ES2022,
      lib: ['lib.es2023.d.ts'],
      module: ts.ModuleKind.NodeNext,
      types: ['node'],
      typeRoots: [join(root, 'node_modules', '@types')],
      skipLibCheck: true,
      sourceMap: true,
      inlineSources: true,
    },
  )
  program.emit()
  return ts.getPreEmitDiagnostics(program).map(({ file, start = 0, messageText }) => ({
    path: file?.fileName ?? '',
    message: `${(file?.getLineAndCharacterOfPosition(start).line ?? 0) + 1}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
  }))
}
