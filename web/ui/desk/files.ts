// The script of pages whose commands can have files.
import { setUpUploads } from "./upload";

setUpUploads();
