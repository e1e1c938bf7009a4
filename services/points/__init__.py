"""Points and stars (先锋指数、星级评定、服务之星): `counted` reads what happened, `read` scores and ranks."""
