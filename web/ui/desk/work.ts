// The script of lists and the intake desk: the basics of every page, keyboard navigation, and the forms of a case.
// Uploads are in `files.ts`.
import "./desk";
import { setUpCase } from "./case";
import { setUpIntake } from "./intake";
import { setUpQueue } from "./queue";
import { setUpRows } from "./rows";

setUpQueue();
setUpRows();
setUpCase();
setUpIntake();
