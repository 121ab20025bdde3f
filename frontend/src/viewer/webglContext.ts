/** The viewer's WebGL 2 context, made to suit what draws: graphics hardware, or the processor in its place. */

const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i

let isSoftware: boolean | null = null

/** Whether the browser draws WebGL without graphics hardware. Asked once: a context's name comes with a context. */
export function isDrawnBySoftware(): boolean {
  if (isSoftware !== null) return isSoftware
  const gl = document.createElement('canvas').getContext('webgl2')
  if (gl === null || gl.isContextLost()) return false
  const names = gl.getExtension('WEBGL_debug_renderer_info')
  const name: unknown = gl.getParameter(names === null ? gl.RENDERER : names.UNMASKED_RENDERER_WEBGL)
  isSoftware = SOFTWARE.test(String(name))
  gl.getExtension('WEBGL_lose_context')?.loseContext()
  return isSoftware
}

/** The context of a canvas that has none yet, or null where the browser gives none. */
export function openWebGl(canvas: HTMLCanvasElement): WebGL2RenderingContext | null {
  const gl = canvas.getContext('webgl2', {
    // Keeping the buffer lets one pane be drawn while the others stay.
    preserveDrawingBuffer: true,
    // Nothing under it shines through, so that the browser need not blend the page.
    alpha: false,
    depth: true,
    // Smooth edges are for the 3D surface alone, and cost the processor more than the three slices.
    antialias: !isDrawnBySoftware(),
    powerPreference: 'high-performance',
  })
  return gl === null || gl.isContextLost() ? null : gl
}
