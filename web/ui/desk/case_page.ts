// What the page of one case runs: all that every page does, and what a case wants. Files are sent by `files.ts`.
import "./desk";
import { setUpCase } from "./case";

setUpCase();
