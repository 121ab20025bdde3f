/** The view's part of the action table, bound to a view store. */
import { applyAutoContrast, resetView } from '../viewer/controls/ViewerControls'
import {
  nextColourMap,
  nextSlabMode,
  resetContrast,
  stepSlab,
  stepSlice,
  toggleLowPass,
  togglePlay,
  type ViewStore,
} from '../viewer/viewState'
import type { DisplayVolume, Volume } from '../viewer/volume'
import type { ViewActions } from './actions'

/** `shown` gives the volume on screen and the copy of it that is drawn. */
export function viewActions(
  store: ViewStore,
  shown: () => { readonly volume: Volume | null; readonly display: DisplayVolume | null },
): ViewActions {
  return {
    autoContrast: () => applyAutoContrast(store, shown().display),
    invert: () => store.setState((state) => ({ invert: !state.invert })),
    toggleLowPass: () => store.setState(toggleLowPass),
    toggleDenoised: () => store.setState((state) => ({ denoised: !state.denoised })),
    toggleLayers: () => store.setState((state) => ({ layersOpen: !state.layersOpen })),
    toggleCrosshair: () => store.setState((state) => ({ crosshairVisible: !state.crosshairVisible })),
    stepSlice: (by) => {
      const { volume } = shown()
      if (volume !== null) store.setState((state) => stepSlice(state, state.activePane, by, volume.shape))
    },
    stepSlab: (by) => store.setState((state) => stepSlab(state, by)),
    nextSlabMode: () => store.setState(nextSlabMode),
    nextColourMap: () => store.setState(nextColourMap),
    resetContrast: () => store.setState(resetContrast()),
    togglePlay: () => store.setState(togglePlay),
    maximise: () =>
      store.setState((state) => ({ maximised: state.maximised === null ? state.activePane : null })),
    toggle3d: () =>
      store.setState((state) => ({ maximised: state.maximised === 'volume' ? null : 'volume' })),
    reset: () => resetView(store, shown().volume),
  }
}
