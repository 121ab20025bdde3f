/** Files and folders that were dragged onto the page. */
import { chosenFiles, type ChosenFile } from './chosenFiles'

/** All files of a drop, folders opened to their depth. */
export async function droppedFiles(items: DataTransferItemList): Promise<ChosenFile[]> {
  // The entries must be taken before the first pause: the browser empties the list afterwards.
  const entries = [...items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null)
  const found = await Promise.all(entries.map(filesBelow))
  return chosenFiles(found.flat())
}

async function filesBelow(entry: FileSystemEntry): Promise<File[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    )
    // As a folder chooser says it, which a drop leaves empty.
    Object.defineProperty(file, 'webkitRelativePath', { value: entry.fullPath.slice(1) })
    return [file]
  }
  const files: File[] = []
  const reader = (entry as FileSystemDirectoryEntry).createReader()
  // A reader gives a folder piece by piece, a hundred entries at once in Chromium.
  for (;;) {
    const piece = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    )
    if (piece.length === 0) return files
    for (const child of piece) files.push(...(await filesBelow(child)))
  }
}
