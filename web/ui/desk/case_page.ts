// The script of the case page: the basics of every page, and those of a case. Uploads are in `files.ts`.
import "./desk";
import { setUpCase } from "./case";
import { setPageKeys } from "./keyboard";
import { followNeighbour, showNeighbours } from "./neighbours";

setUpCase();
setPageKeys(followNeighbour);
showNeighbours(document.getElementById("case")?.dataset["case"] ?? "");
