// GCJ-02: the coordinates of Chinese map services, shifted from WGS-84 by up to some hundred metres. Our places are
// WGS-84; they are shifted only for drawing over GCJ-02 tiles. Outside mainland China the two agree.

export type Place = readonly [lat: number, lng: number];

/** The Krasovsky ellipsoid, on which the offset is computed: semi-axis in metres, eccentricity squared. */
const AXIS = 6_378_245;
const ECCENTRICITY = 0.006_693_421_622_965_943;

function isOutsideChina(lat: number, lng: number): boolean {
  return lng < 72.004 || lng > 137.8347 || lat < 0.8293 || lat > 55.8271;
}

function offsets(x: number, y: number): [number, number] {
  const sin = (n: number): number => Math.sin(n * Math.PI);
  const root = Math.sqrt(Math.abs(x));
  const shared = ((20 * sin(6 * x) + 20 * sin(2 * x)) * 2) / 3;
  const north =
    -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + shared +
    ((20 * sin(y) + 40 * sin(y / 3)) * 2) / 3 + ((160 * sin(y / 12) + 320 * sin(y / 30)) * 2) / 3;
  const east =
    300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + shared +
    ((20 * sin(x) + 40 * sin(x / 3)) * 2) / 3 + ((150 * sin(x / 12) + 300 * sin(x / 30)) * 2) / 3;
  return [north, east];
}

/** Convert WGS-84 to GCJ-02, in degrees. */
export function toGcj([lat, lng]: Place): Place {
  if (isOutsideChina(lat, lng)) return [lat, lng];
  const [north, east] = offsets(lng - 105, lat - 35);
  const angle = (lat / 180) * Math.PI;
  const curvature = 1 - ECCENTRICITY * Math.sin(angle) ** 2;
  const metres = Math.sqrt(curvature);
  return [
    lat + (north * 180) / (((AXIS * (1 - ECCENTRICITY)) / (curvature * metres)) * Math.PI),
    lng + (east * 180) / ((AXIS / metres) * Math.cos(angle) * Math.PI),
  ];
}

/** Convert GCJ-02 to WGS-84, accurate to a centimetre. */
export function fromGcj([lat, lng]: Place): Place {
  let estimate: Place = [lat, lng];
  for (let round = 0; round < 6; round += 1) {
    const [drawnLat, drawnLng] = toGcj(estimate);
    estimate = [estimate[0] + lat - drawnLat, estimate[1] + lng - drawnLng];
  }
  return estimate;
}
