/** Files that somebody dropped or chose, folders with all that is in them. */

export interface LocalFile {
  /** with the folders that came along, below where it was dropped */
  readonly path: string;
  readonly file: File;
}

/** What a file input has: of a folder with the path within it. */
export const chosenFiles = (list: FileList | null): readonly LocalFile[] =>
  [...(list ?? [])].map((file) => ({ path: file.webkitRelativePath || file.name, file }));

/** Has to be called while the event is dispatched: after that the browser has forgotten it. */
export function droppedFiles(data: DataTransfer): Promise<readonly LocalFile[]> {
  const entries = [...data.items]
    .filter(({ kind }) => kind === 'file')
    .map((item) => item.webkitGetAsEntry())
    .filter((entry) => entry !== null);
  if (entries.length === 0) return Promise.resolve(chosenFiles(data.files));
  return filesIn(entries, '');
}

/** The parts of FileSystemEntry that are used. */
interface Entry {
  readonly isFile: boolean;
  readonly name: string;
}

async function filesIn(entries: readonly Entry[], folder: string): Promise<readonly LocalFile[]> {
  const found: LocalFile[] = [];
  for (const entry of entries) {
    if (isFileEntry(entry)) {
      const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
      found.push({ path: `${folder}${entry.name}`, file });
    } else if (isFolderEntry(entry)) {
      found.push(...(await filesIn(await allEntries(entry), `${folder}${entry.name}/`)));
    }
  }
  return found;
}

const isFileEntry = (entry: Entry): entry is FileSystemFileEntry => entry.isFile;
const isFolderEntry = (entry: Entry): entry is FileSystemDirectoryEntry => !entry.isFile;

/** A folder tells what is in it a hundred at a time, and nothing at the end. */
async function allEntries(folder: FileSystemDirectoryEntry): Promise<readonly FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const more = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (more.length === 0) return all;
    all.push(...more);
  }
}
