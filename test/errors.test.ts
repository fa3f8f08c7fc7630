import test from 'ava'
import {
  badFile,
  expected,
  GemmnetError,
  nearest,
  rangeError,
  show,
  typeError,
  unknownName,
  unknownOption,
} from '../lib/errors.js'

test('a wrong argument is named together with what it should be and what it was', (t) => {
  t.is(
    expected('batchSize', 'a positive integer', 0),
    'Expected `batchSize` to be a positive integer, got `0`',
  )
  t.true(typeError('x', 'a number', '1') instanceof TypeError)
  t.true(rangeError('x', 'positive', -1) instanceof RangeError)
  t.is(rangeError('x', 'positive', -1).message, expected('x', 'positive', -1))
})

test('values are shown shortly', (t) => {
  t.is(show('relu'), "'relu'")
  t.is(show('a\n"b"'), String.raw`'a\n"b"'`)
  t.is(show('x'.repeat(1000)), `'${'x'.repeat(40)}...'`)
  t.is(show(-0), '-0')
  t.is(show(NaN), 'NaN')
  t.is(show(5n), '5n')
  t.is(show(undefined), 'undefined')
  t.is(show(null), 'null')
  t.is(show(Symbol('s')), 'Symbol(s)')
  t.is(show([1, 2, 3]), 'Array(3)')
  t.is(show(new Float32Array(10)), 'Float32Array(10)')
  t.is(show({ a: 1 }), 'Object')
  t.is(show(Object.create(null)), 'Object')
  t.is(show(new Map()), 'Map')
  t.is(show(Math.abs), 'Function')
})

test('showing a hostile value does not throw', (t) => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  t.is(show(proxy), 'Object')
  const throwing = {
    get constructor(): never {
      throw new Error('not to be seen')
    },
  }
  t.is(show(throwing), 'Object')
})

test('a misspelt word finds the known one, a foreign word none', (t) => {
  const known = ['learningRate', 'momentum', 'nesterov']
  t.is(nearest('lerningRate', known), 'learningRate')
  t.is(nearest('learningrate', known), 'learningRate')
  t.is(nearest('leraningRate', known), 'learningRate')
  t.is(nearest('momentun', known), 'momentum')
  t.is(nearest('batchSize', known), undefined)
  t.is(nearest('', known), undefined)
  t.is(nearest('momentum'.repeat(100_000), known), undefined)
  t.is(nearest('relu', []), undefined)
})

test('an unknown option names its nearest neighbour, or all options', (t) => {
  const error = unknownOption('lerningRate', 'sgd', ['learningRate', 'momentum'])
  t.true(error instanceof TypeError)
  t.is(error.message, 'Unknown option `lerningRate` for `sgd`; did you mean `learningRate`?')
  t.is(
    unknownOption('colour', 'sgd', ['learningRate', 'momentum']).message,
    'Unknown option `colour` for `sgd`; known: `learningRate`, `momentum`',
  )
  t.is(unknownOption('a', 'f', []).message, 'Unknown option `a` for `f`; there are none')
})

test('an unknown name is a RangeError that names its nearest neighbour', (t) => {
  const error = unknownName('activation', 'sigmod', ['relu', 'sigmoid'])
  t.true(error instanceof RangeError)
  t.is(error.message, 'Unknown activation `sigmod`; did you mean `sigmoid`?')
})

test('names of other libraries are understood, and answered with ours', (t) => {
  const losses = ['meanAbsoluteError', 'meanSquaredError', 'categoricalCrossentropy']
  for (const [theirs, ours] of [
    ['mse', 'meanSquaredError'],
    ['MAE', 'meanAbsoluteError'],
    ['sparse_categorical_crossentropy', 'categoricalCrossentropy'],
  ] as const)
    t.regex(unknownName('loss', theirs, losses).message, new RegExp(`did you mean \`${ours}\``))
  t.regex(unknownOption('lr', 'adam', ['beta1', 'learningRate']).message, /`learningRate`/)
  t.notRegex(unknownOption('lr', 'split', ['seed']).message, /learningRate/)
})

test('a GemmnetError carries its code, place and cause, and only those given', (t) => {
  const cause = new Error('inner')
  const error = new GemmnetError('ERR_NON_FINITE_LOSS', 'The loss is NaN', {
    epoch: 3,
    batch: 7,
    layer: 1,
    cause,
  })
  t.is(error.name, 'GemmnetError')
  t.is(error.code, 'ERR_NON_FINITE_LOSS')
  t.like(error, { epoch: 3, batch: 7, layer: 1, cause })
  t.false('path' in error)
  t.regex(error.stack ?? '', /^GemmnetError: The loss is NaN\n/)
  t.false('cause' in new GemmnetError('ERR_NETWORK_BUSY', 'busy'))
})

test('a bad file is named at the start of the message', (t) => {
  t.like(badFile('not a zip file', '/tmp/a'), {
    code: 'ERR_BAD_FILE',
    message: '/tmp/a: not a zip file',
    path: '/tmp/a',
  })
  t.is(badFile('too short').message, 'too short')
})
