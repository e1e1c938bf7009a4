// What pages run on which files are sent along with a command.
import { setUpUploads } from "./upload";

setUpUploads();
