import { posix } from 'node:path';

/** Room → the rooms that it may import. A room is a folder, or a file next to the folders. */
export type Layers = Readonly<Record<string, readonly string[]>>;

export interface SourceFile {
  /** Relative to the folder that the rooms are in, with slashes. */
  path: string;
  text: string;
}

const SPECIFIER = /\b(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g;

const roomOf = (path: string): string => {
  const [first = '', ...rest] = path.split('/');
  return rest.length > 0 ? first : first.replace(/(\.test)?\.tsx?$/, '');
};

/** Returns the rooms that a file imports, resolved from where the file is, however deep that is. */
const importedRooms = (file: SourceFile): string[] => {
  const targets = [...file.text.matchAll(SPECIFIER)].map(([, specifier = '']) =>
    posix.normalize(posix.join(posix.dirname(file.path), specifier)),
  );
  // A path that leaves the folder is the business of the table one level up.
  return targets.filter((target) => !target.startsWith('../')).map(roomOf);
};

/**
 * Returns one sentence for each import that the table does not allow, and for each room that the table
 * lacks. Within a room every import is allowed; `noImportCycles` of the linter finds circles.
 */
export const forbiddenImports = (layers: Layers, files: readonly SourceFile[]): string[] => {
  const complaints = files.flatMap((file) => {
    const room = roomOf(file.path);
    const allowed = layers[room];
    if (allowed === undefined) return [`${room}: the table has no such room (${file.path})`];
    return importedRooms(file)
      .filter((target) => target !== room && !allowed.includes(target))
      .map((target) => `${file.path} imports ${target}/, which ${room} may not`);
  });
  const rooms = new Set(files.map(({ path }) => roomOf(path)));
  const gone = Object.keys(layers).filter((room) => !rooms.has(room));
  return [...new Set([...complaints, ...gone.map((room) => `${room}: in the table, but not in the tree`)])];
};

/** Returns the first circle among the rooms of a table, or undefined: data flows one way. */
export const circleIn = (layers: Layers): string[] | undefined => {
  const visit = (room: string, path: readonly string[]): string[] | undefined => {
    if (path.includes(room)) return [...path.slice(path.indexOf(room)), room];
    for (const next of layers[room] ?? []) {
      const circle = visit(next, [...path, room]);
      if (circle !== undefined) return circle;
    }
    return undefined;
  };
  for (const room of Object.keys(layers)) {
    const circle = visit(room, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
};
