// Everything that the first screen does not need: one bundle, fetched as soon as the first screen is shown.
export { Duplicates } from "./parts/duplicates";
export { Categories } from "./screens/categories";
export { Diagnosis } from "./screens/diagnosis";
export { PlaceMap } from "./screens/map";
export { Duties } from "./screens/duties";
export { DutyPage } from "./screens/duty";
export { EmergencyStep, EmergencySteps } from "./screens/emergency";
export { MePage } from "./screens/me";
export { Mine } from "./screens/mine";
export { Notices } from "./screens/notices";
export { Outbox } from "./screens/outbox";
export { Report } from "./screens/report";
export { ReportMore } from "./screens/report_more";
export { Sent } from "./screens/sent";
export { SignIn } from "./screens/sign_in";
export { Task } from "./screens/task";
