import { afterEach, beforeEach, expect, it, vi } from 'vitest'

// jsdom has no WebGL: a context that only says who draws.

function stubContext(name: string): ReturnType<typeof vi.spyOn> {
  const context = {
    RENDERER: 1,
    isContextLost: () => false,
    getExtension: (asked: string) =>
      asked === 'WEBGL_debug_renderer_info'
        ? { UNMASKED_RENDERER_WEBGL: 2 }
        : { loseContext: () => undefined },
    getParameter: (asked: number) => (asked === 2 ? name : 'WebKit WebGL'),
  }
  return vi.spyOn(HTMLCanvasElement.prototype, 'getContext').mockReturnValue(context as never)
}

beforeEach(() => vi.resetModules())
afterEach(() => vi.restoreAllMocks())

it.each([
  ['ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device (Subzero)), SwiftShader driver)', true],
  ['llvmpipe (LLVM 15.0.7, 256 bits)', true],
  ['ANGLE (NVIDIA, NVIDIA GeForce RTX 4070 Direct3D11)', false],
])('has smooth edges where hardware draws: %s', async (name, isSoftware) => {
  const asked = stubContext(name)
  const { isDrawnBySoftware, openWebGl } = await import('./webglContext')
  expect(isDrawnBySoftware()).toBe(isSoftware)
  openWebGl(document.createElement('canvas'))
  expect(asked.mock.calls.at(-1)?.[1]).toMatchObject({ antialias: !isSoftware, preserveDrawingBuffer: true })
  expect(asked).toHaveBeenCalledTimes(2)
})
