import test from 'ava'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { findPackageRoot } from '../lib/package_root.js'
import { declarations, places, plainFunctions, run, values } from './helpers/options.js'

// What the types refuse. The cases by hand are in types/, which tsc compiles with everything else:
// a line that no longer errs fails the build. The walk over the tables is compiled here.

import './types/fits.js'
import './types/options.js'

const root = findPackageRoot()
const config = ts.parseJsonConfigFileContent(
  ts.readConfigFile(join(root, 'tsconfig.json'), (path) => readFileSync(path, 'utf8')).config,
  ts.sys,
  root,
)

test('the cases by hand are part of what tsc compiles', (t) => {
  const here = dirname(fileURLToPath(import.meta.url)).replace(`${root}/dist`, root)
  for (const name of ['fits', 'options'])
    t.true(config.fileNames.includes(join(here, 'types', `${name}.ts`)))
  t.true(config.options.strict)
})

/** Errors of a source, by its lines from 0. */
function compile(source: string): Map<number, string> {
  const path = join(root, 'dist', 'test', 'types', 'walk.ts') // beside the declarations it imports
  const host = ts.createCompilerHost(config.options)
  const read = host.getSourceFile.bind(host)
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.ES2022)
  host.getSourceFile = (name, ...rest) => (name === path ? file : read(name, ...rest))
  const exists = host.fileExists.bind(host)
  host.fileExists = (name) => name === path || exists(name)
  const program = ts.createProgram([path], { ...config.options, noEmit: true }, host)
  const parsed = program.getSourceFile(path)
  return new Map(
    [...program.getSyntacticDiagnostics(parsed), ...program.getSemanticDiagnostics(parsed)].map(
      ({ start = 0, messageText }) => [
        file.getLineAndCharacterOfPosition(start).line,
        ts.flattenDiagnosticMessageText(messageText, '\n'),
      ],
    ),
  )
}

interface Case {
  readonly source: string
  /** Undefined where the type may say what it likes. */
  readonly isRight: boolean | undefined
}

/** What types can know of a value: its type, and the name that a text is. */
function isRight(check: (name: string, value: unknown) => unknown, text: string) {
  const value = run(text)
  try {
    check('', value)
    return true
  } catch (error) {
    if (error instanceof TypeError) return false
    const isLength = error instanceof RangeError && error.message.includes(' character, got ')
    return typeof value === 'string' && !isLength ? false : undefined
  }
}

test('types refuse what is of a wrong type or an unknown name, option by option', (t) => {
  const cases = places.flatMap(({ table, row, options, source, required }): Case[] => [
    { source: source(required), isRight: true },
    ...(table === 'layers' && plainFunctions.includes(row)
      ? []
      : [{ source: source({ ...required, nonsense: '1' }), isRight: false }]),
    ...Object.entries(options).flatMap(([option, { check }]) =>
      values.map((text) => ({
        source: source({ ...required, [option]: text }),
        isRight: isRight(check, text),
      })),
    ),
    ...Object.keys(required).map((option) => ({
      source: source({ ...required, [option]: 'undefined' }),
      isRight: false,
    })),
  ])
  const before = declarations.split('\n').length - 1
  const errors = compile(declarations + cases.map((one) => one.source).join('\n'))
  t.deepEqual(
    [...errors].filter(([line]) => line < before),
    [],
  )
  cases.forEach(({ source, isRight }, i) => {
    const error = errors.get(before + i)
    if (isRight === true) t.is(error, undefined, source)
    if (isRight === false) t.not(error, undefined, source)
  })
  t.log(`${cases.length} sources, ${errors.size} of them refused`)
})

test('types refuse names that are in no table', (t) => {
  const named = places.filter(({ row }) => row !== '')
  const cases = named.flatMap(({ row, source, required }) => {
    const right = source(required)
    const wrong = right.replaceAll(new RegExp(`\\b${row}\\b`, 'g'), `${row}x`)
    t.not(right, wrong)
    return [wrong]
  })
  const errors = compile(declarations + cases.join('\n'))
  const before = declarations.split('\n').length - 1
  cases.forEach((source, i) => {
    t.not(errors.get(before + i), undefined, source)
  })
})
