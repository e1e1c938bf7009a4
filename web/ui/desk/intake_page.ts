// The script of the intake desk: the basics of every page, the forms of a case, and the list of what has come in.
import "./desk";
import { setUpCase } from "./case";
import { setUpIntake } from "./intake";

setUpCase();
setUpIntake();
