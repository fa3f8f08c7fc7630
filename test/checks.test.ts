import test from 'ava'
import {
  areaAverages,
  checks,
  classAverages,
  datasetOptions,
  oneOf,
  quasiNewton,
  threadCount,
} from '../lib/options/index.js'

test('one of a few names is taken as it is, and the list can be read', (t) => {
  const check = oneOf(['plain', 'fancy', 'odd'])
  t.is(check('style', 'fancy'), 'fancy')
  t.deepEqual(check.names, ['plain', 'fancy', 'odd'])
  t.throws(() => check('style', 'Fancy'), {
    instanceOf: RangeError,
    message: "Expected `style` to be 'plain', 'fancy' or 'odd', got `'Fancy'`",
  })
  t.throws(() => check('style', 1), { instanceOf: TypeError })
})

test('a finite number is neither NaN nor infinite', (t) => {
  t.is(checks.finite('value', -1e300), -1e300)
  for (const value of [NaN, Infinity, -Infinity])
    t.throws(() => checks.finite('value', value), { instanceOf: RangeError })
  t.throws(() => checks.finite('value', '1'), { instanceOf: TypeError })
})

test('every check of a number says that it wants one', (t) => {
  const { boolean, text, columnName, scoreName, ...numbers } = checks
  const others = [datasetOptions.scale.check, quasiNewton.lbfgs.history.check, threadCount]
  for (const check of [...Object.values(numbers), ...others])
    t.throws(() => check('value', {}), {
      instanceOf: TypeError,
      message: /^Expected `value` to be an? ([\w-]+ )*(number|integer)\b/,
    })
  for (const check of [boolean, text, columnName, scoreName])
    t.throws(() => check('value', 1), { instanceOf: TypeError })
})

test('averages are in the order of the core’s numbers', (t) => {
  t.deepEqual(classAverages, ['auto', 'macro', 'micro', 'weighted', 'binary']) // ClassAverage
  t.deepEqual(areaAverages, ['macro', 'weighted']) // AreaAverage
})
