import { describe, expect, it } from 'vitest'
import { mapFile } from '../testing/fixtures'
import { panned, toMap, toScreen, wholeMap, zoomed } from './camera'
import { groupBy, MOST_GROUPS } from './grouping'
import { lookOf } from './look'
import { PointPainter } from './painter'
import { PointGrid } from './pointGrid'
import { MapFormatError, NOTHING, readMap, type ParticleMap } from './readMap'
import { nextInDirection } from './steps'

const map = readMap(mapFile(3000).buffer)
const size = { width: 800, height: 500 }
const all = () => true

const at = (index: number) => ({ x: map.points[2 * index]!, y: map.points[2 * index + 1]! })

describe('the file', () => {
  it('is read column by column', () => {
    expect(map.count).toBe(3000)
    expect([map.ids[0], map.ids[2999]]).toEqual([1, 3000])
    expect(map.legend.values[6]?.kind).toBe('junk')
    expect(map.label.some((label) => label === NOTHING)).toBe(true)
  })

  it('is refused when it is cut short', () => {
    expect(() => readMap(new ArrayBuffer(4))).toThrow(MapFormatError)
    expect(() => readMap(mapFile(10).buffer.slice(0, 60))).toThrow(MapFormatError)
  })
})

describe('the camera', () => {
  it('shows the whole map and keeps what is under the pointer', () => {
    const whole = wholeMap(map.points, size)
    const inside = [...Array(map.count).keys()].filter((index) => {
      const { x, y } = toScreen(whole, size, at(index))
      return x >= 0 && y >= 56 && x <= size.width && y <= size.height
    })
    expect(inside.length).toBeGreaterThan(0.99 * map.count)
    const pointer = { x: 100, y: 400 }
    const before = toMap(whole, size, pointer)
    const near = zoomed(whole, size, pointer, 3, whole)
    expect(near.scale).toBeCloseTo(3 * whole.scale)
    expect(toMap(near, size, pointer).x).toBeCloseTo(before.x)
    expect(toMap(near, size, pointer).y).toBeCloseTo(before.y)
    expect(toMap(panned(near, 30, -20), size, { x: 130, y: 380 }).y).toBeCloseTo(before.y)
  })

  it('has bounds', () => {
    const whole = wholeMap(map.points, size)
    expect(zoomed(whole, size, { x: 0, y: 0 }, 1e9, whole).scale).toBe(whole.scale * 400)
    expect(zoomed(whole, size, { x: 0, y: 0 }, 1e-9, whole).scale).toBe(whole.scale / 2)
    expect(Number.isFinite(wholeMap(new Float32Array(0), size).scale)).toBe(true)
  })
})

describe('the grid', () => {
  const grid = new PointGrid(map.points)

  it('finds the nearest shown particle', () => {
    for (const place of [at(5), { x: 0, y: 0 }, { x: 50, y: 50 }]) {
      const distances = [...Array(map.count).keys()].map((index) =>
        Math.hypot(at(index).x - place.x, at(index).y - place.y),
      )
      const odd = (index: number) => index % 2 === 1
      const nearest = distances.reduce(
        (best, each, index) => (odd(index) && each < distances[best]! ? index : best),
        1,
      )
      expect(grid.nearest(place, 3, odd)).toBe(distances[nearest]! <= 3 ? nearest : null)
    }
  })

  it('finds what an outline holds', () => {
    const outline = [
      { x: -2, y: -9 },
      { x: 9, y: 0 },
      { x: -2, y: 9 },
      { x: 3, y: 0 },
    ]
    const inside = (x: number, y: number): boolean => {
      let crossings = 0
      outline.forEach((corner, index) => {
        const next = outline[(index + 1) % outline.length]!
        const share = (y - corner.y) / (next.y - corner.y)
        if (corner.y > y !== next.y > y && x < corner.x + share * (next.x - corner.x)) crossings += 1
      })
      return crossings % 2 === 1
    }
    const expected = [...Array(map.count).keys()].filter((index) => inside(at(index).x, at(index).y))
    expect(expected.length).toBeGreaterThan(100)
    expect(grid.within(outline, all)).toEqual(expected)
    expect(grid.within(outline.slice(0, 2), all)).toEqual([])
  })

  it('copes with one particle and with none', () => {
    expect(new PointGrid(new Float32Array([1, 2])).nearest({ x: 1, y: 2 }, 1, all)).toBe(0)
    expect(new PointGrid(new Float32Array(0)).nearest({ x: 1, y: 2 }, 1, all)).toBeNull()
  })
})

describe('groups', () => {
  it('say how many particles they have, in shapes and colours of their own', () => {
    const { groups, groupOf } = groupBy(map, 'prediction')
    expect(groups.map(({ name }) => name)).toEqual(map.legend.values.slice(0, 7).map(({ name }) => name))
    groups.forEach(({ count }, group) => {
      expect(groupOf.filter((each) => each === group).length).toBe(count)
    })
    expect(new Set(groups.map(({ color, shape }) => `${color}/${shape}`)).size).toBe(groups.length)
    expect(groupBy(map, 'label').groups.at(-1)?.name).toBe('no label')
    expect(groupBy(map, 'cycle').groups.map(({ name }) => name)).toEqual([
      'cycle 1',
      'cycle 2',
      'cycle 3',
      'not picked',
    ])
    const sure = groupBy(map, 'confidence').groups
    expect(sure.reduce((sum, { count }) => sum + count, 0)).toBe(map.count)
  })

  it('put together what the eye cannot tell apart', () => {
    const tomograms = Array.from({ length: 40 }, (_, index) => `TS_${index}`)
    const many: ParticleMap = {
      ...map,
      legend: { ...map.legend, tomograms },
      tomogram: map.tomogram.map((_, index) => index % 40),
    }
    const { groups } = groupBy(many, 'tomogram')
    expect(groups).toHaveLength(MOST_GROUPS + 1)
    expect(groups.at(-1)?.name).toBe('22 others')
    expect(groups.reduce((sum, { count }) => sum + count, 0)).toBe(map.count)
  })
})

describe('drawing', () => {
  const grouping = groupBy(map, 'prediction')

  it('puts small groups and what is selected on top, and leaves hidden groups out', () => {
    const [first, ...others] = grouping.groups
    const selected = new Set([3, 4, 5])
    const { order, faint } = lookOf(grouping, new Set([first!.name]), selected)
    expect(order.length).toBe(others.reduce((sum, { count }) => sum + count, 0))
    const shownOfSelected = [3, 4, 5].filter((index) => grouping.groupOf[index] !== 0)
    expect(Array.from(order.subarray(faint)).toSorted()).toEqual(shownOfSelected)
    const sizes = [...lookOf(grouping, new Set(), null).order].map(
      (index) => grouping.groups[grouping.groupOf[index]!]!.count,
    )
    expect(sizes.every((count, place) => place === 0 || count <= sizes[place - 1]!)).toBe(true)
  })

  it('paints each particle where it is, within the canvas', () => {
    let painted: ImageData | null = null
    const context = { putImageData: (image: ImageData) => (painted = image) }
    const painter = new PointPainter(context as unknown as CanvasRenderingContext2D)
    painter.setSize(40, 30)
    const three = new Float32Array([0, 0, 19.4, 14.4, 100, 100])
    const one = { groups: [{ name: 'a', color: '#ff8000', shape: 'square' as const, count: 3 }] }
    const look = {
      order: new Uint32Array([0, 1, 2]),
      faint: 0,
      grouping: { ...one, groupOf: new Uint8Array(3) },
    }
    painter.paint(three, look, { x: 0, y: 0, scale: 1 }, 4)
    painter.show()
    const { data } = painted! as ImageData
    const pixel = (x: number, y: number) => Array.from(data.subarray(4 * (y * 40 + x), 4 * (y * 40 + x) + 3))
    expect(pixel(20, 15)).toEqual([255, 128, 0])
    expect(pixel(39, 1)).toEqual([255, 128, 0])
    expect(pixel(5, 5)).toEqual([13, 15, 18])
  })
})

it('goes from particle to particle in a direction', () => {
  const points = new Float32Array([0, 0, 1, 0.2, 0.5, 2, -3, 0])
  const among = new Uint32Array([0, 1, 2, 3])
  expect(nextInDirection(points, among, 0, [1, 0])).toBe(1)
  expect(nextInDirection(points, among, 0, [0, 1])).toBe(2)
  expect(nextInDirection(points, among, 0, [-1, 0])).toBe(3)
  expect(nextInDirection(points, among, 0, [0, -1])).toBeNull()
})
