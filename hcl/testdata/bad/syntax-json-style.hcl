{ "appliance": { "name": "Sunrise" } }
