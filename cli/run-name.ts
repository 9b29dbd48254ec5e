/** What a run is called, of its inputs' paths: the folder that several lie in, else the first; undefined without inputs. */
export function runName(paths: readonly string[]): string | undefined {
  const [first] = paths;
  if (first === undefined || paths.length === 1) return first;
  const folderOf = (path: string): string => path.slice(0, path.lastIndexOf("/"));
  const folder = first.includes("/") ? folderOf(first) : "";
  return folder !== "" && paths.every((path) => path.includes("/") && folderOf(path) === folder) ? folder : first;
}
