import { expect, it } from 'vitest'
import { takeTokenFromAddress, tokenIn } from './linkToken'

it.each([
  ['http://127.0.0.1:8765/sign-in#token=abc_DEF-123', 'abc_DEF-123'],
  ['  http://lab/sign-in#token=abcdefgh  ', 'abcdefgh'],
  ['#token=abcdefgh', 'abcdefgh'],
  ['abcdefgh12345678', 'abcdefgh12345678'],
  ['http://127.0.0.1:8765/sign-in', null],
  ['http://127.0.0.1:8765/sign-in#token=', null],
  ['', null],
])('finds the token in %j', (text, token) => expect(tokenIn(text)).toBe(token))

it('takes the token out of the address and its history entry', () => {
  window.history.replaceState(null, '', '/sign-in?x=1#token=abcdefgh')
  const length = window.history.length
  expect(takeTokenFromAddress()).toBe('abcdefgh')
  expect(window.location.href).not.toContain('token')
  expect(window.location.search).toBe('?x=1')
  expect(window.history.length).toBe(length)
})
