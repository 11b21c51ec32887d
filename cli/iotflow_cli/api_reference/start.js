// Shows the reference that this gateway serves. Nothing is fetched from elsewhere, and credentials are not kept.
SwaggerUIBundle({
  url: "v1/openapi.json",
  dom_id: "#reference",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
});
