// The script of lists: the basics of every page, and keyboard navigation.
// Uploads are in `files.ts`.
import "./desk";
import { setUpQueue } from "./queue";
import { setUpRows } from "./rows";

setUpQueue();
setUpRows();
