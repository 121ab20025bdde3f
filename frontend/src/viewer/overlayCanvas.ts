/** The canvas over the picture: always at the screen's own resolution, whatever that of the picture below. */
import { drawOverlay, type OverlayInput } from './overlay'

export class OverlayCanvas {
  readonly element = document.createElement('canvas')
  /** CSS pixels. */
  private width = 0
  private height = 0

  constructor() {
    this.element.style.cssText = 'position:absolute;inset:0;width:100%;height:100%;pointer-events:none'
  }

  /** `width` and `height` in CSS pixels, `ratio` of device pixels to each. */
  setSize(width: number, height: number, ratio: number): void {
    this.width = width
    this.height = height
    this.element.width = Math.round(width * ratio)
    this.element.height = Math.round(height * ratio)
  }

  draw(input: OverlayInput): void {
    const context = this.element.getContext('2d')
    if (context === null) return
    const ratio = this.width > 0 ? this.element.width / this.width : 1
    context.setTransform(ratio, 0, 0, ratio, 0, 0)
    drawOverlay(context, this.width, this.height, input)
  }
}
