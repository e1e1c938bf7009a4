// What the pages run on which people work: all that every page does, and lists, a case, the intake desk. Where files are
// sent, `files.ts` besides.
import "./desk";
import { setUpCase } from "./case";
import { setUpIntake } from "./intake";
import { setUpQueue } from "./queue";
import { setUpRows } from "./rows";

setUpQueue();
setUpRows();
setUpCase();
setUpIntake();
