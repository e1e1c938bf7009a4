// What lists and the intake desk run: all that every page does, moving through rows, and the forms of a case. Where files
// are sent, `files.ts` besides.
import "./desk";
import { setUpCase } from "./case";
import { setUpIntake } from "./intake";
import { setUpQueue } from "./queue";
import { setUpRows } from "./rows";

setUpQueue();
setUpRows();
setUpCase();
setUpIntake();
